package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"waitroom/proxy/operator"
	"waitroom/queue"
)

const (
	// journalPage is how many records are asked for at a time. A call tells up to a thousand tickets: a page of the largest
	// records stays below maxAnswer, and one of small records is followed by larger pages.
	journalPage, journalPageMost = 100, 1000
	smallPage                    = 1 << 20
)

// journal reads the journal of a room until its end for now, one JSON object after another.
func (c *client) journal(ctx context.Context, room string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		after, limit := "", journalPage
		for {
			page, size, err := c.journalPage(ctx, room, after, limit)
			if err != nil && size >= maxAnswer && limit > 1 {
				limit = max(1, limit/10)
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, text := range page {
				if !yield(text, nil) {
					return
				}
			}
			if len(page) < limit {
				return
			}
			var last operator.Record
			if json.Unmarshal(page[len(page)-1], &last) != nil || last.Cursor == "" || last.Cursor == after {
				yield(nil, c.stranger())
				return
			}
			after = last.Cursor
			if limit = journalPage; size < smallPage {
				limit = journalPageMost
			}
		}
	}
}

func (c *client) journalPage(ctx context.Context, room, after string, limit int) (page []json.RawMessage, size int, err error) {
	query := "/journal?limit=" + strconv.Itoa(limit)
	if after != "" {
		query += "&after=" + url.QueryEscape(after)
	}
	answer, err := c.room(ctx, http.MethodGet, room, query, nil)
	if err != nil {
		return nil, 0, err
	}
	if json.Unmarshal(answer, &page) != nil {
		return nil, len(answer), c.stranger()
	}
	return page, len(answer), nil
}

// rateAtStart is the live rate where it was in force before the room's journal begins; nil where the file's was, as far as
// is known.
func (c *client) rateAtStart(ctx context.Context, room string) (*float64, error) {
	answer, err := c.room(ctx, http.MethodGet, room, "", nil)
	if err != nil {
		return nil, err
	}
	state, err := c.state(answer)
	if err != nil {
		return nil, err
	}
	page, _, err := c.journalPage(ctx, room, "", 1)
	if err != nil || len(page) == 0 || state.LiveRate == nil || state.RateSetAt == nil {
		return nil, err
	}
	first, err := readRecord(page[0])
	if err != nil {
		return nil, err
	}
	if set, err := time.Parse(time.RFC3339, *state.RateSetAt); err != nil || set.UnixMicro() >= first.At {
		return nil, nil //nolint:nilerr // a time that cannot be read says nothing
	}
	return &state.RatePerHour, nil
}

// journalLines reads JSON objects, one after another.
func journalLines(in io.Reader) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		d := json.NewDecoder(in)
		for n := 1; ; n++ {
			var text json.RawMessage
			err := d.Decode(&text)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				err = fmt.Errorf("record %d is no JSON: %w", n, err)
			}
			if !yield(text, err) || err != nil {
				return
			}
		}
	}
}

func readRecord(text json.RawMessage) (queue.Record, error) {
	var told operator.Record
	if err := json.Unmarshal(text, &told); err != nil {
		return queue.Record{}, fmt.Errorf("this is no record of a journal (%w): write one with `waitroom audit export`", err)
	}
	r, err := told.Read()
	if err != nil {
		return r, fmt.Errorf("this is no record of a journal: %w", err)
	}
	return r, nil
}
