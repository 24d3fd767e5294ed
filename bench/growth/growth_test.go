package main

import (
	"context"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheWorstWindowIsFound(t *testing.T) {
	const interval = second / flowRate
	f := func(name string, want int64, bad bool, entries ...int64) {
		t.Helper()
		got, err := excess(entries)
		if got != want || (err != nil) != bad {
			t.Errorf("%s: %d above the rate, %v; want %d", name, got, err, want)
		}
	}
	var steady, burst, late []int64
	for i := range int64(3 * flowBurst) {
		steady = append(steady, i*interval)
		burst = append(burst, max(0, i-flowBurst+1)*interval)
		// A pause in the middle earns nothing beyond the burst.
		late = append(late, i*interval+i/flowBurst*flowBurst*interval*10)
	}
	f("one after the other", 1, false, steady...)
	f("the burst, then one after the other", flowBurst, false, burst...)
	f("after a pause", 1, false, late...)
	f("one more than the burst", flowBurst+1, true, append([]int64{0}, burst...)...)
}

func TestALineIsMeasuredWrittenAndDrawn(t *testing.T) {
	dir := t.TempDir()
	b := &bench{dir: filepath.Join(dir, "run"), most: 2000, flowFor: time.Second, began: time.Now()}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := b.growRedis(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.growEmbedded(ctx); err != nil {
		t.Fatal(err)
	}
	r := b.report
	if len(r.Redis) != 2 || r.Redis[1].Waiting != 2000 || r.AOF == nil || r.Saved.Waiting != 2000 || len(r.Memory) != 1 {
		t.Fatalf("got %+v", r)
	}
	for _, x := range append(r.Redis, *r.AOF) {
		if x.PerTicket < 50 || x.PerTicket > 200 || x.Batch < 10 || x.Joined.Median <= 0 || x.Called.Median <= 0 || x.Entered.Median <= 0 {
			t.Errorf("got %+v", x)
		}
	}
	if r.Flow.Excess < 1 || r.Flow.Excess > flowBurst || r.Flow.Entries < flowBurst {
		t.Errorf("got %+v", r.Flow)
	}
	file, picture := filepath.Join(dir, "dist", "growth.json"), filepath.Join(dir, "images", "growth.png")
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	if err := again(file, picture); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !json.Valid(text) {
		t.Errorf("%v: %s", err, text)
	}
	image, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	if at, err := png.DecodeConfig(image); err != nil || at.Width < 800 || at.Height < 500 {
		t.Errorf("the graph is %+v, %v", at, err)
	}
}

func TestAPartThatThereIsNotIsNamed(t *testing.T) {
	err := run(context.Background(), 1000, "redis,pols", filepath.Join(t.TempDir(), "x.json"), "")
	if err == nil || !strings.Contains(err.Error(), `no part "pols"`) {
		t.Errorf("got %v", err)
	}
}

func TestNumbersAreWrittenAsPeopleReadThem(t *testing.T) {
	f := func(want string, n int64) {
		t.Helper()
		if got := count(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f("7", 7)
	f("999", 999)
	f("1,000", 1000)
	f("10,000,000", 10_000_000)
}
