package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"waitroom/config"
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
		for text, err := range c.journal(cmd.Context(), args[0]) {
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text); err != nil {
				return err
			}
		}
		return nil
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

The rate and burst are those of the configuration; for a FILE, give them with
--rate and --burst. A change of rate by a command is in the journal; a change of the file's
rate is not: give the highest that was in force.

It proves what the journal says. The records are not chained by hashes yet, so it
does not prove that nobody wrote another journal. Redis keeps the newest million
records: of a journal that was trimmed, what is left is proved. A store that lost its
last writes has lost their records, too, which may show as a broken promise.

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
	result, err := audit.Verify(records(journalLines(in)), o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return v.tell(cmd, []audited{{name, result}})
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
	rooms := conf.Rooms
	if len(args) == 1 {
		i := slices.IndexFunc(rooms, func(r config.Room) bool { return r.Name == args[0] })
		if i < 0 {
			return fmt.Errorf("there is no room %q in %s", args[0], v.file)
		}
		rooms = rooms[i : i+1]
	}
	all := make([]audited, 0, len(rooms))
	for i := range rooms {
		perHour := rooms[i].Rate.PerHour()
		o := audit.Options{FileRate: &perHour, Burst: rooms[i].Burst}
		if o.LiveRate, err = c.rateAtStart(cmd.Context(), rooms[i].Name); err != nil {
			return err
		}
		result, err := audit.Verify(records(c.journal(cmd.Context(), rooms[i].Name)), o)
		if err != nil {
			return fmt.Errorf("room %s: %w", rooms[i].Name, err)
		}
		all = append(all, audited{rooms[i].Name, result})
	}
	return v.tell(cmd, all)
}

// audited is what became of one journal.
type audited struct {
	name string
	audit.Result
}

// auditJSON is an audited journal as -o json shows it.
type auditJSON struct {
	Journal     string         `json:"journal"`
	Proved      bool           `json:"proved"`
	Violation   *violationJSON `json:"violation,omitempty"`
	Records     int64          `json:"records"`
	Calls       int64          `json:"calls"`
	Entries     int64          `json:"entries"`
	Epochs      int64          `json:"epochs"`
	From        string         `json:"from,omitempty"`
	To          string         `json:"to,omitempty"`
	Whole       bool           `json:"whole"`
	CeilingFrom string         `json:"ceiling_from,omitempty"`
	Chained     bool           `json:"chained"`
	Notes       []string       `json:"notes"`
}

type violationJSON struct {
	Record int64  `json:"record"`
	Cursor string `json:"cursor,omitempty"`
	At     string `json:"at"`
	Kind   string `json:"kind"`
	Ticket string `json:"ticket,omitempty"`
	What   string `json:"what"`
}

func (a *audited) json() auditJSON {
	j := auditJSON{
		Journal: a.name, Proved: a.Violation == nil && a.Records > 0, Records: a.Records, Calls: a.Calls, Entries: a.Entries,
		Epochs: a.Epochs, From: moment(a.From), To: moment(a.To), Whole: a.Whole, CeilingFrom: moment(a.CeilingFrom), Notes: a.notes(),
	}
	if b := a.Violation; b != nil {
		j.Violation = &violationJSON{Record: b.Record, Cursor: b.Cursor, At: moment(b.At), Kind: string(b.Kind), What: b.What}
		if b.Ticket != (queue.ID{}) {
			j.Violation.Ticket = base64.RawURLEncoding.EncodeToString(b.Ticket[:])
		}
	}
	return j
}

// notes are what the proof does not cover.
func (a *audited) notes() []string {
	notes := []string{"the records are not chained by hashes: this proves what the journal says, not that nobody wrote another one"}
	if !a.Whole {
		notes = append(notes, fmt.Sprintf("the journal does not begin where the room began: it holds from %s on; %s entered by calls before it; the rate there is taken for the live one, or else that of the file",
			cmp.Or(moment(a.From), "nowhere"), count(a.Before)))
	}
	switch {
	case a.CeilingFrom == 0:
		notes = append(notes, "the ceiling is not proved: the rate or the burst is not known; give --rate and --burst")
	case a.CeilingFrom > a.From:
		notes = append(notes, "the ceiling is proved from "+moment(a.CeilingFrom)+" on: the rate before it is not known")
	}
	if a.Steps > 0 {
		notes = append(notes, fmt.Sprintf("the store's clock went back %s times: the ceiling is proved between, not across", count(a.Steps)))
	}
	return notes
}

// tell shows what was found, and fails where something is not proved.
func (v *proof) tell(cmd *cobra.Command, all []audited) error {
	shown := make([]auditJSON, len(all))
	proved := true
	for i := range all {
		shown[i] = all[i].json()
		proved = proved && shown[i].Proved
	}
	out, write := cmd.OutOrStdout(), writeAudits
	if v.format == "json" {
		write = writeAuditsJSON
	}
	if err := write(out, shown); err != nil {
		return err
	}
	if !proved {
		return errShown
	}
	return nil
}

func writeAuditsJSON(w io.Writer, all []auditJSON) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"journals": all})
}

func writeAudits(w io.Writer, all []auditJSON) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, a := range all {
		switch b := a.Violation; {
		case b != nil:
			fmt.Fprintf(t, "%s\tBROKEN at record %s (%s), %s, %s: %s\n", a.Journal, count(b.Record), cmp.Or(b.Cursor, "no cursor"), b.At, b.Kind,
				strings.TrimSpace("ticket "+cmp.Or(b.Ticket, "-")+" "+b.What))
		case a.Records == 0:
			fmt.Fprintf(t, "%s\tnothing is proved: the journal is empty\n", a.Journal)
		default:
			fmt.Fprintf(t, "%s\tproved\n", a.Journal)
		}
		fmt.Fprintf(t, "  records\t%s, from %s to %s\n", count(a.Records), cmp.Or(a.From, "-"), cmp.Or(a.To, "-"))
		fmt.Fprintf(t, "  told\t%s calls, %s entries, %s epochs\n", count(a.Calls), count(a.Entries), count(a.Epochs))
		for _, note := range a.Notes {
			fmt.Fprintf(t, "  note\t%s\n", note)
		}
	}
	return t.Flush()
}

func moment(us int64) string {
	if us == 0 {
		return ""
	}
	return time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// records reads what a journal's JSON objects tell.
func records(texts iter.Seq2[json.RawMessage, error]) iter.Seq2[queue.Record, error] {
	return func(yield func(queue.Record, error) bool) {
		for text, err := range texts {
			var r queue.Record
			if err == nil {
				r, err = readRecord(text)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
