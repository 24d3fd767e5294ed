package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"waitroom/config"
	"waitroom/queue"
	"waitroom/token"
)

func keysCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "keys",
		Short: "The keys that tickets and passes are signed with",
		Long:  `The keys that tickets and passes are signed with, in the folder keys.dir.`,
	}, keysRotateCommand())
}

func keysRotateCommand() *cobra.Command {
	var file string
	var leaked, subject bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Make new signing keys, the first ones, too",
		Long: `Make new signing keys in keys.dir; in an empty folder, the first ones. Running
gateways take them over by themselves. What was signed with the old keys stays
good for as long as it lives, so nobody loses a place or a pass; keys that
nothing can be signed with any more are deleted.

With several gateways, run it once and bring the folder to all of them.

--subject makes a new key that verified persons are named with instead; older ones
stay until nobody can be held under them, so that no person becomes two. It is
needed, too, where a folder is older than these keys.

If keys have leaked, --leaked deletes all older ones at once: everybody who waits
or is inside then has to join anew.`,
		Example: `  waitroom keys rotate -c waitroom.yaml
  waitroom keys rotate --subject
  waitroom keys rotate --leaked`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd, file)
			if err != nil {
				return err
			}
			if c.Keys.File != "" {
				return fmt.Errorf("keys.file is set: rotate the folder that %s was made from, and make it anew", c.Keys.File)
			}
			var keep time.Duration
			if !leaked {
				keep = longest(c)
			}
			if subject {
				return rotateSubject(cmd.OutOrStdout(), c.Keys.Dir, keep)
			}
			kid, err := token.RotateKeys(c.Keys.Dir, time.Now(), keep)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "new keys in %s; passes are now signed with %s\n", c.Keys.Dir, kid)
			return err
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&leaked, "leaked", false, "delete all older keys at once")
	cmd.Flags().BoolVar(&subject, "subject", false, "the key that persons are named with, not those that sign")
	return cmd
}

// rotateSubject makes a new key to name persons with; life is that of tickets and
// passes, 0 where the older ones are to go at once.
func rotateSubject(out io.Writer, dir string, life time.Duration) error {
	if life > 0 {
		life += queue.DefaultKeep * time.Microsecond
	}
	kid, err := token.RotateSubject(dir, time.Now(), life)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "new subject key in %s; persons are now named with %s\n", dir, kid)
	return err
}

// longest is how long anything signed under the configuration can live, and some
// time more for gateways that take the new keys over late.
func longest(c *config.Config) time.Duration {
	var most time.Duration
	for _, room := range c.Rooms {
		most = max(most, room.Hold, room.Pass.TTL)
	}
	return most + 5*time.Minute
}

// configFlag adds -c to a command.
func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", cmp.Or(os.Getenv("WAITROOM_CONFIG"), "waitroom.yaml"), "`FILE` with the configuration, or $WAITROOM_CONFIG")
}

// load reads the configuration for commands that need it whole: what is wrong with
// it goes to standard error, each mistake on its line.
func load(cmd *cobra.Command, file string) (*config.Config, error) {
	c, err := config.Load(file, os.Environ())
	if problems := (config.Problems)(nil); errors.As(err, &problems) {
		fmt.Fprintln(cmd.ErrOrStderr(), problems.Error())
		return nil, fmt.Errorf("%s has %s; nothing was done", file, mistakes(len(problems)))
	}
	return c, err
}

func mistakes(n int) string {
	if n == 1 {
		return "a mistake"
	}
	return fmt.Sprintf("%d mistakes", n)
}
