package site

import (
	"crypto/rand"
	"sync"
	"time"
)

// hours are the times of a day at which one can come.
var hours = [...]int{9, 11, 14, 16}

// slot is a time that can be booked so many times more.
type slot struct {
	ID   string `json:"id"`
	Day  string `json:"day"`
	Time string `json:"time"`
	Left int    `json:"left"`
}

// booking is what somebody has.
type booking struct {
	number, name string
	slot         slot
}

// stock is all slots and bookings. Its methods may be called at once.
type stock struct {
	mu       sync.Mutex
	slots    []slot
	left     int
	byForm   map[string]booking // a form that is sent twice books once
	byNumber map[string]booking
}

// newStock spreads the total evenly over the days from the first, and their times.
func newStock(first time.Time, days, total int) *stock {
	s := &stock{left: total, byForm: map[string]booking{}, byNumber: map[string]booking{}}
	n := days * len(hours)
	for i := range n {
		// In steps over all slots, so that what does not divide is spread, too.
		left := total*(i+1)/n - total*i/n
		at := time.Date(first.Year(), first.Month(), first.Day()+i/len(hours), hours[i%len(hours)], 0, 0, 0, time.UTC)
		s.slots = append(s.slots, slot{at.Format("20060102-15"), at.Format(time.DateOnly), at.Format("15:04"), left})
	}
	return s
}

func (s *stock) all() []slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]slot(nil), s.slots...)
}

func (s *stock) find(id string) (slot, bool) {
	for _, sl := range s.all() {
		if sl.ID == id {
			return sl, true
		}
	}
	return slot{}, false
}

// book takes one of the slot for a form. Again is the same booking again; not ok is
// that none was left. Last says that nothing at all is left now.
func (s *stock) book(form, id, name string) (b booking, last, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, again := s.byForm[form]; again {
		return b, s.left == 0, true
	}
	for i := range s.slots {
		if sl := &s.slots[i]; sl.ID == id && sl.Left > 0 {
			sl.Left--
			s.left--
			b = booking{number: rand.Text()[:12], name: name, slot: *sl}
			s.byForm[form], s.byNumber[b.number] = b, b
			return b, s.left == 0, true
		}
	}
	return booking{}, s.left == 0, false
}

func (s *stock) booked(number string) (booking, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.byNumber[number]
	return b, ok
}
