package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"waitroom/bench/gateway"
)

func TestTheNetworkLosesOneAnswerAfterTheRequestWasDone(t *testing.T) {
	var done, lost atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done.Add(1) }))
	defer s.Close()
	r := gateway.NewRelay(t, strings.TrimPrefix(s.URL, "http://"))
	v := gateway.NewVisitor(r.URL)
	r.LoseAnswer("/enter", func() { lost.Add(1) })
	if a := v.Call(t, "status"); a.Status != 200 || !r.Losing() {
		t.Errorf("another request was touched: %d", a.Status)
	}
	if _, err := v.Try("enter"); err == nil {
		t.Error("the answer came")
	}
	if done.Load() != 2 || lost.Load() != 1 {
		t.Errorf("%d requests done, %d answers lost", done.Load(), lost.Load())
	}
	if a := v.Call(t, "enter"); a.Status != 200 {
		t.Errorf("the next answer: %d", a.Status)
	}
}

func TestTheNetworkGivesAnotherAddressAndGoesDown(t *testing.T) {
	var from atomic.Value
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { from.Store(r.RemoteAddr) }))
	defer s.Close()
	r := gateway.NewRelay(t, strings.TrimPrefix(s.URL, "http://"))
	v := gateway.NewVisitor(r.URL)
	r.From("127.0.0.2")
	v.Call(t, "status")
	if got := from.Load().(string); !strings.HasPrefix(got, "127.0.0.2:") {
		t.Errorf("the server saw %s", got)
	}
	r.Down()
	if _, err := v.Try("status"); err == nil {
		t.Error("the network was not down")
	}
	r.Up()
	v.Call(t, "status")
}
