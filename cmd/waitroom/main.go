// Command waitroom is the gateway, and the commands of those who run it.
//
// The names of commands, flags and variables, and the exit codes, are fixed: 0 is
// done, 1 failed, 2 a mistake in how it was called. Data goes to standard output,
// everything else to standard error.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the smallest images have no time zones
)

func main() {
	// net/http writes down, word for word, what a server sends unasked; an identity provider's words are personal.
	log.SetOutput(io.Discard)
	os.Exit(run())
}

// run is main with its exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	return execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// hangups delivers SIGHUP until the context ends. Commands that do not ask for it
// end by it, as is usual.
func hangups(ctx context.Context) <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	context.AfterFunc(ctx, func() { signal.Stop(c) })
	return c
}
