package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"waitroom/config"
	"waitroom/proxy/conns"
)

func serveCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: `Run the gateway until it is told to stop (Ctrl-C or SIGTERM): then it reports
itself not ready, finishes the requests in flight, keeps the line, and goes.

A changed configuration file is taken over while running, and so is a SIGHUP; a
bad one is refused and logged, and the old one stays. Certificates and signing
keys are read anew, too.

Without a store in the configuration the line is kept in data_dir, by this one
process. Several gateways share a line in Redis.`,
		Example: `  waitroom serve -c waitroom.yaml
  WAITROOM_OPERATOR_TOKEN_FILE=/run/secrets/token waitroom serve`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd, file)
			if err != nil {
				return err
			}
			log, level := newLog(c)
			defer func() { _ = log.Sync() }()
			g, err := build(cmd.Context(), c, log, level)
			if err != nil {
				return err
			}
			return g.serve(cmd.Context(), file)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// newLog is the log of the configuration, on standard error.
func newLog(c *config.Config) (*zap.Logger, zap.AtomicLevel) {
	level := zap.NewAtomicLevel()
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	var e zapcore.Encoder = zapcore.NewJSONEncoder(encoder)
	if c.Log.Format == "console" {
		encoder.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05")
		e = zapcore.NewConsoleEncoder(encoder)
	}
	if parsed, err := zapcore.ParseLevel(c.Log.Level); err == nil {
		level.SetLevel(parsed)
	}
	return zap.New(zapcore.NewCore(e, zapcore.Lock(os.Stderr), level)), level
}

func (g *gateway) setLevel(c *config.Config) {
	if parsed, err := zapcore.ParseLevel(c.Log.Level); err == nil {
		g.level.SetLevel(parsed)
	}
}

// serve runs the gateway until the context ends, with the configuration file
// watched; "" watches none.
func (g *gateway) serve(ctx context.Context, file string) error {
	watching, stopWatching := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		g.watch(watching, file)
	}()
	g.stop = append(g.stop, func() {
		stopWatching()
		<-watched
	})
	return g.run(ctx)
}

// parkAfter is how long a visitor's connection may be idle before it is parked: longer
// than anybody pauses who is busy, shorter than most polls are apart.
const parkAfter = 2 * time.Second

// run serves both listeners until the context ends, and then leaves cleanly.
func (g *gateway) run(ctx context.Context) error {
	ended := make(chan error, 2)
	arriving := conns.Listen(g.listener, conns.Options{After: parkAfter, Idle: g.visitors.IdleTimeout, Max: g.visitors.Concurrency})
	go func() { ended <- g.visitors.Serve(arriving) }()
	go func() { ended <- g.ops.Serve(g.opsAt) }()
	g.mu.Lock()
	names := g.names // a reload may be under way already
	g.mu.Unlock()
	g.log.Info("the gateway serves", zap.String("visitors", g.listener.Addr().String()),
		zap.String("operators", g.opsAt.Addr().String()), zap.Strings("rooms", names), zap.String("version", version()))
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-ended:
	}
	return errors.Join(failure, g.leave())
}

// leave finishes what is in flight, within the time that the configuration gives.
func (g *gateway) leave() error {
	g.stopping.Store(true)
	g.mu.Lock()
	drain := g.config.Limits.Drain
	g.mu.Unlock()
	g.log.Info("the gateway stops; requests in flight are finished", zap.Duration("within", drain))
	ctx, cancel := context.WithTimeout(context.Background(), drain+100*time.Millisecond)
	defer cancel()
	if err := g.visitors.ShutdownWithContext(ctx); err != nil {
		g.log.Warn("some requests were cut off", zap.Error(err))
	}
	err := g.ops.Shutdown(ctx)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	g.close()
	g.log.Info("the gateway has stopped; every place is kept")
	return err
}

// keysEvery is how often the folder of keys is looked into.
const keysEvery = 5 * time.Second

// watch takes over what changes while the gateway runs: the configuration file, by
// itself and at SIGHUP, and the folder of keys.
func (g *gateway) watch(ctx context.Context, file string) {
	ticker := time.NewTicker(keysEvery)
	defer ticker.Stop()
	hup := hangups(ctx)
	var again func()
	if file != "" {
		w := config.NewWatcher(file, os.Environ(), g.config, func(c *config.Config, err error) { g.changed(ctx, file, c, err) })
		again = w.Reload
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := w.Run(ctx); err != nil && ctx.Err() == nil {
				g.log.Error("the configuration file is not watched; SIGHUP does not reload it either", zap.Error(err))
			}
		}()
		defer func() { <-done }()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			if again != nil {
				again()
			}
			g.rekey()
			g.recertify()
		case <-ticker.C:
			g.rekey()
			g.recertify()
		}
	}
}

// changed takes a changed configuration over, or says why not.
func (g *gateway) changed(ctx context.Context, file string, c *config.Config, err error) {
	if err == nil {
		err = g.reload(ctx, c)
	}
	if err != nil {
		g.log.Error("the changed configuration is refused; the old one stays in force", zap.String("file", file), zap.Error(err))
		return
	}
	g.log.Info("the changed configuration is in force", zap.String("file", file))
}

func (g *gateway) rekey() {
	if err := g.keys.Reload(); err != nil {
		g.log.Error("the signing keys could not be read anew; the old ones stay in force", zap.Error(err))
	}
}

func (g *gateway) recertify() {
	if g.certs == nil {
		return
	}
	if err := g.certs.load(); err != nil {
		g.log.Error("the certificate could not be read anew; the old one stays in force", zap.Error(err))
	}
}
