package proxy_test

import (
	"testing"

	"waitroom/queue"
)

func TestTheFirstInAQuietRoomGoesStraightThrough(t *testing.T) {
	r := begin(t, settings{})
	p := r.browser()
	p.get("/book?day=1").wantInside(t, "/book?day=1")
	p.get("/again").wantInside(t, "/again")
	r.browser().get("/book").wantPage(t, 200, "waiting")
	if n := r.backend.seen(); n != 2 {
		t.Errorf("the backend saw %d requests", n)
	}
	_ = queue.StateWaiting
}
