package operator

import (
	"math"
	"net/http"
	"time"

	"waitroom/queue"
)

// RoomState is a room in the API, for whoever writes or reads its JSON. Times are RFC 3339 on the store's clock, null
// where there is none; rates are in every notation, and per hour as a number.
type RoomState struct {
	Name string `json:"name"`
	// State is what visitors would be told: open, early, paused, recovering, full,
	// closed, sold_out, or away while the store does not answer.
	State string `json:"state"`

	Rate        string  `json:"rate"`
	RatePerHour float64 `json:"rate_per_hour"`
	FileRate    string  `json:"file_rate"`
	// LiveRate is null while the file's rate counts.
	LiveRate  *string `json:"live_rate"`
	RateSetBy string  `json:"rate_set_by"`
	RateSetAt *string `json:"rate_set_at"`

	Paused       bool    `json:"paused"`
	PausedSetBy  string  `json:"paused_set_by"`
	PausedSetAt  *string `json:"paused_set_at"`
	Message      string  `json:"message"`
	MessageSetBy string  `json:"message_set_by"`
	MessageSetAt *string `json:"message_set_at"`
	SoldOut      bool    `json:"sold_out"`
	SoldOutSetBy string  `json:"sold_out_set_by"`
	SoldOutSetAt *string `json:"sold_out_set_at"`

	Burst       int     `json:"burst"`
	HoldSeconds float64 `json:"hold_seconds"`
	PassSeconds float64 `json:"pass_ttl_seconds"`
	MaxActive   int64   `json:"max_active"`
	// Quota is how many may enter by this opening, 0 where there is no cap; Sold, how many have.
	Quota    int64   `json:"quota"`
	Sold     int64   `json:"sold"`
	Draw     bool    `json:"draw"`
	OpensAt  *string `json:"opens_at"`
	ClosesAt *string `json:"closes_at"`

	Waiting  int64 `json:"waiting"`
	Called   int64 `json:"called"`
	Active   int64 `json:"active"`
	Arrivals int64 `json:"arrivals"`
	Calls    int64 `json:"calls"`
	Entries  int64 `json:"entries"`
	// Front and Last are places: the last one called, the last one given.
	Front int64 `json:"front"`
	Last  int64 `json:"last"`
	// Due is when the rate has its next slot.
	Due            *string `json:"due"`
	CallsPerSecond float64 `json:"calls_per_second"`
	ShowUpRatio    float64 `json:"show_up_ratio"`

	Epoch        string  `json:"epoch"`
	RecoverUntil *string `json:"recover_until"`
	// ViewAgeMS is null before the store has answered for the first time.
	ViewAgeMS *int64 `json:"view_age_ms"`
	// Store is "ok", or "away since …".
	Store    string          `json:"store"`
	Backends []BackendHealth `json:"backends"`
}

// RoomStates is the answer to GET /api/rooms.
type RoomStates struct {
	Version string `json:"version"`
	// Warning is NoToken where that holds.
	Warning string      `json:"warning,omitempty"`
	Rooms   []RoomState `json:"rooms"`
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	answer := RoomStates{Version: a.Version, Rooms: []RoomState{}}
	if a.Token == "" {
		answer.Warning = NoToken
	}
	for _, room := range a.Rooms() {
		answer.Rooms = append(answer.Rooms, a.room(room))
	}
	reply(w, http.StatusOK, answer)
}

func (a *api) show(w http.ResponseWriter, r *http.Request, room Room) {
	reply(w, http.StatusOK, a.room(room))
}

// room is the room as its view shows it now.
func (a *api) room(room Room) RoomState {
	v, rules := room.Line.View(), room.Line.Rules()
	j := RoomState{
		Name: room.Name, State: stateOf(v, rules),
		FileRate: a.FormatRate(rules.RatePerHour),
		Burst:    rules.Burst, HoldSeconds: seconds(rules.Hold), PassSeconds: seconds(rules.PassTTL), MaxActive: rules.MaxActive, Draw: rules.Draw,
		Quota: rules.Quota, Sold: v.Sold,
		OpensAt: instant(rules.OpensAt), ClosesAt: instant(rules.ClosesAt),
		Waiting: v.Waiting, Called: v.Called, Active: v.Active, Arrivals: v.Arrivals, Calls: v.Calls, Entries: v.Entries,
		Front: v.Front, Last: v.Last, Due: instant(v.Due), CallsPerSecond: finite(v.CallsPerSecond), ShowUpRatio: finite(v.Ratio),
		Epoch: v.Epoch, RecoverUntil: instant(v.RecoverUntil), Store: storeOf(v), Backends: []BackendHealth{},
	}
	a.control(&j, v, rules)
	if v.Epoch != "" {
		age := v.Age().Milliseconds()
		j.ViewAgeMS = &age
	}
	if room.Backends != nil {
		j.Backends = append(j.Backends, room.Backends()...)
	}
	return j
}

// control tells what operators have set, who and when.
func (a *api) control(j *RoomState, v *queue.View, rules queue.Rules) {
	c := v.Control
	j.RatePerHour = c.RatePerHour
	if c.RateSet.Live() {
		live := a.FormatRate(c.RatePerHour)
		j.LiveRate = &live
	} else {
		j.RatePerHour = rules.RatePerHour
	}
	j.Rate = a.FormatRate(j.RatePerHour)
	j.RateSetBy, j.RateSetAt = c.RateSet.By, instant(c.RateSet.At)
	j.Paused, j.PausedSetBy, j.PausedSetAt = c.Paused, c.PausedSet.By, instant(c.PausedSet.At)
	j.Message, j.MessageSetBy, j.MessageSetAt = c.Message, c.MessageSet.By, instant(c.MessageSet.At)
	j.SoldOut, j.SoldOutSetBy, j.SoldOutSetAt = c.SoldOut, c.SoldOutSet.By, instant(c.SoldOutSet.At)
}

// stateOf is the room's state in a word, the gravest first.
func stateOf(v *queue.View, rules queue.Rules) string {
	now := v.Now()
	switch {
	case v.Away():
		return "away"
	case rules.ClosesAt != 0 && now >= rules.ClosesAt:
		return string(queue.StateClosed)
	case v.SoldOut():
		return string(queue.StateSoldOut)
	case v.Control.Paused || v.Interval == 0:
		return string(queue.StatePaused)
	case now < rules.OpensAt:
		return string(queue.StateEarly)
	case now < v.RecoverUntil:
		return string(queue.StateRecovering)
	case rules.MaxActive > 0 && v.Active >= rules.MaxActive:
		return string(queue.StateFull)
	}
	return "open"
}

func storeOf(v *queue.View) string {
	switch {
	case v.Epoch == "":
		return "away since the start: it has not answered yet"
	case v.Away():
		return "away since " + *instant(v.At)
	}
	return "ok"
}

// instant is a time of the store in RFC 3339, nil for none.
func instant(us int64) *string {
	if us == 0 {
		return nil
	}
	text := time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000000Z")
	return &text
}

func seconds(us int64) float64 { return float64(us) / 1e6 }

// finite keeps JSON possible: it has no infinity.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return math.Round(f*1000) / 1000
}
