package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"waitroom/config"
	"waitroom/proxy/operator"
	"waitroom/queue"
	"waitroom/queue/audit"
)

func auditCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "audit",
		Short: "Prove from a room's journal that the line was kept",
		Long:  `Prove from a room's journal that the line was kept: calls in order, nobody twice, never more than the rate.`,
	}, auditVerifyCommand(), auditExportCommand())
}

func auditExportCommand() *cobra.Command {
	return operated(&cobra.Command{
		Use:     "export ROOM",
		Short:   "Write the journal of a room as JSON lines",
		Long:    `Write the journal of a room to standard output, oldest record first, one JSON object a line.`,
		Example: "  waitroom audit export booking >booking.jsonl\n  waitroom audit verify --rate 2,000,000/h --burst 100 booking.jsonl",
		Args:    takes("ROOM"),
	}, func(cmd *cobra.Command, c *client, args []string) error {
		j, out := journal{client: c, room: args[0]}, json.NewEncoder(cmd.OutOrStdout())
		for {
			r, err := j.next(cmd.Context())
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = out.Encode(r)
			}
			if err != nil {
				return err
			}
		}
	})
}

// proof is what the command line of audit verify says.
type proof struct {
	file, format, rate string
	burst              int
}

func auditVerifyCommand() *cobra.Command {
	var v proof
	cmd := operated(&cobra.Command{
		Use:   "verify [-c waitroom.yaml [ROOM] | FILE]",
		Short: "Prove the promises from a journal, or show the first that was broken",
		Long: `Read the journal of each room of the configuration, or of one of them, from the
running gateway; or a FILE that "waitroom audit export" wrote, - for standard input. Prove that:

  - calls went in order of place, except tickets that were put back late;
  - nobody entered who was not called, and no ticket entered twice;
  - in any time T at most rate x T + burst entered, across changes of the rate;
  - no two passes had one name;
  - a person was taken over only by a device that came later.

The rate and burst are those of the configuration; for a FILE, give the highest that
it had with --rate and --burst. Rates set by a command are in the journal.

It proves what the journal says. The records are not chained by hashes, so it does
not prove that nobody wrote another journal. Of a journal that was trimmed, what is
left is proved. docs/operations.md tells what else is not.

The exit code is 1 where a promise was broken, or nothing could be read.`,
		Example: `  waitroom audit verify -c waitroom.yaml
  waitroom audit verify -c waitroom.yaml booking -o json
  waitroom audit verify --rate 2,000,000/h --burst 100 booking.jsonl`,
		Args: takes("[ROOM or FILE]"),
	}, func(cmd *cobra.Command, c *client, args []string) error {
		if err := known(cmd, v.format); err != nil {
			return err
		}
		if len(args) == 1 && !cmd.Flags().Changed("config") {
			return v.verifyFile(cmd, args[0])
		}
		return v.verifyRooms(cmd, c, args)
	})
	configFlag(cmd, &v.file)
	formatFlag(cmd, &v.format)
	cmd.Flags().StringVar(&v.rate, "rate", "", "`RATE` of the configuration, for a FILE: 2,000,000/h")
	cmd.Flags().IntVar(&v.burst, "burst", 0, "`N` that may enter at once, for a FILE")
	return cmd
}

func (v *proof) verifyFile(cmd *cobra.Command, name string) error {
	o := audit.Options{Burst: v.burst}
	if v.rate != "" {
		perHour, err := parseRate(v.rate)
		if err != nil {
			return misused(cmd, "--rate: %v", err)
		}
		o.FileRate = &perHour
	}
	if v.burst < 0 {
		return misused(cmd, "--burst: %d is less than 1", v.burst)
	}
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name) // #nosec G304 -- the operator names it
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	d := json.NewDecoder(in)
	return v.prove(cmd, name, o, func() (r operator.Record, err error) { return r, d.Decode(&r) })
}

func (v *proof) verifyRooms(cmd *cobra.Command, c *client, args []string) error {
	if v.rate != "" || v.burst != 0 {
		return misused(cmd, "--rate and --burst are for a FILE; a room has those of the configuration")
	}
	conf, err := load(cmd, v.file)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("operator") && os.Getenv(operatorURL) == "" {
		c.base = "http://" + conf.Operator.Listen
	}
	c.token = cmp.Or(c.token, conf.Operator.Token.Reveal())
	found := false
	var failed error
	for i := range conf.Rooms {
		room := &conf.Rooms[i]
		if len(args) == 1 && args[0] != room.Name {
			continue
		}
		found = true
		if err := v.verifyRoom(cmd, c, room); err != nil && !errors.Is(err, errShown) {
			return err
		} else if err != nil {
			failed = err
		}
	}
	if !found {
		return fmt.Errorf("there is no room %q in %s", args[0], v.file)
	}
	return failed
}

func (v *proof) verifyRoom(cmd *cobra.Command, c *client, room *config.Room) error {
	answer, err := c.room(cmd.Context(), http.MethodGet, room.Name, "", nil)
	if err != nil {
		return err
	}
	state, err := c.state(answer)
	if err != nil {
		return err
	}
	perHour := room.Rate.PerHour()
	o := audit.Options{FileRate: &perHour, Burst: room.Burst}
	if state.LiveRate != nil && state.RateSetAt != nil {
		if set, err := time.Parse(time.RFC3339, *state.RateSetAt); err == nil {
			o.LiveRate, o.LiveSince = state.RatePerHour, set.UnixMicro()
		}
	}
	j := journal{client: c, room: room.Name}
	return v.prove(cmd, room.Name, o, func() (operator.Record, error) { return j.next(cmd.Context()) })
}

// proved is what -o json shows of a journal.
type proved struct {
	Journal string `json:"journal"`
	Proved  bool   `json:"proved"`
	audit.Result
	Notes []string `json:"notes"`
}

// prove reads a journal, shows what was found, and fails where it is not proved.
func (v *proof) prove(cmd *cobra.Command, name string, o audit.Options, next func() (operator.Record, error)) error {
	n := 0
	result, err := audit.Verify(func() (queue.Record, error) {
		n++
		told, err := next()
		if err != nil {
			return queue.Record{}, err
		}
		return told.Read()
	}, o)
	if err != nil {
		return fmt.Errorf("%s: record %d cannot be read: %w", name, n, err)
	}
	p := proved{Journal: name, Proved: result.Violation == nil && result.Records > 0, Result: result, Notes: notes(&result)}
	if v.format == "json" {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(p)
	} else {
		_, err = io.WriteString(cmd.OutOrStdout(), p.text())
	}
	if err == nil && !p.Proved {
		return errShown
	}
	return err
}

// notes are what the proof does not cover.
func notes(r *audit.Result) []string {
	notes := []string{"the records are not chained by hashes: this proves what the journal says, not that nobody wrote another one"}
	if !r.Whole {
		notes = append(notes, "the journal does not begin where the room began: it is proved from "+moment(r.From)+" on; "+count(r.Before)+
			" entered by calls before it; the rate there is taken for the live one, or else that of the file")
	}
	switch {
	case r.CeilingFrom == 0:
		notes = append(notes, "the ceiling is not proved: the rate or the burst is not known; give --rate and --burst")
	case r.CeilingFrom > r.From:
		notes = append(notes, "the ceiling is proved from "+moment(r.CeilingFrom)+" on: the rate before it is not known")
	}
	if r.Steps > 0 {
		notes = append(notes, "the store's clock went back "+count(r.Steps)+" times: the ceiling is proved between, not across")
	}
	return notes
}

func (p *proved) text() string {
	verdict := "proved"
	if b := p.Violation; b != nil {
		verdict = "BROKEN at record " + count(b.Record) + " " + b.Cursor + ", " + moment(b.At) + ", " + string(b.Kind) + ": ticket " +
			cmp.Or(b.Ticket, "-") + " " + b.What
	} else if !p.Proved {
		verdict = "nothing is proved: the journal is empty"
	}
	return p.Journal + ": " + verdict + "\n  " + count(p.Records) + " records, from " + moment(p.From) + " to " + moment(p.To) + "\n  " +
		count(p.Calls) + " calls, " + count(p.Entries) + " entries, " + count(p.Epochs) + " epochs\n  note: " +
		strings.Join(p.Notes, "\n  note: ") + "\n"
}

func moment(us int64) string {
	if us == 0 {
		return "nowhere"
	}
	return time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000000Z")
}
