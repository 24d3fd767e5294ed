package browser

// SessionEvent is what became of a session that is bound to a key of the browser's (Device
// Bound Session Credentials), as Chromium's own protocol tells it. What it was is the one of
// the last three that is not nil.
type SessionEvent struct {
	Session   string `json:"sessionId"`
	Succeeded bool   `json:"succeeded"`
	Creation  *struct {
		Result string `json:"fetchResult"`
	} `json:"creationEventDetails"`
	Refresh *struct {
		Result string `json:"refreshResult"`
	} `json:"refreshEventDetails"`
	Termination *struct {
		Reason string `json:"deletionReason"`
	} `json:"terminationEventDetails"`
}

// Watch begins to note what becomes of bound sessions.
func (t *Tab) Watch() {
	t.t.Helper()
	t.must("watch", t.p.act("watch", nil, nil))
}

// Sessions are the events since Watch.
func (t *Tab) Sessions() (all []SessionEvent) {
	t.t.Helper()
	t.must("sessions", t.p.act("sessions", nil, &all))
	return all
}

// Lose takes one cookie away, as its end does.
func (t *Tab) Lose(cookie string) {
	t.t.Helper()
	t.must("forget", t.p.act("forget", map[string]any{"name": cookie}, nil))
}
