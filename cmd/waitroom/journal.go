package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"waitroom/proxy/operator"
)

const (
	// journalPage is how many records are asked for at a time. A call tells up to a thousand tickets: a page of the largest
	// records stays below maxAnswer, and one of small records is followed by larger pages.
	journalPage, journalPageMost = 100, 1000
	smallPage                    = 1 << 20
)

// journal reads the journal of a room until its end for now.
type journal struct {
	client      *client
	room, after string
	page        []operator.Record
	last        bool
	limit       int
}

// next is the next record; io.EOF where there is none.
func (j *journal) next(ctx context.Context) (operator.Record, error) {
	for len(j.page) == 0 {
		if j.last {
			return operator.Record{}, io.EOF
		}
		if err := j.read(ctx); err != nil {
			return operator.Record{}, err
		}
	}
	r := j.page[0]
	j.page = j.page[1:]
	return r, nil
}

func (j *journal) read(ctx context.Context) error {
	if j.limit == 0 {
		j.limit = journalPage
	}
	answer, err := j.client.room(ctx, http.MethodGet, j.room, "/journal?limit="+strconv.Itoa(j.limit)+"&after="+url.QueryEscape(j.after), nil)
	if err != nil {
		return err
	}
	if json.Unmarshal(answer, &j.page) != nil {
		if j.page = nil; len(answer) < maxAnswer || j.limit == 1 {
			return j.client.stranger()
		}
		j.limit = max(1, j.limit/10) // it was cut off
		return nil
	}
	j.last = len(j.page) < j.limit
	if j.limit = journalPage; len(answer) < smallPage {
		j.limit = journalPageMost
	}
	if n := len(j.page); n > 0 {
		if j.page[n-1].Cursor == j.after {
			return j.client.stranger()
		}
		j.after = j.page[n-1].Cursor
	}
	return nil
}
