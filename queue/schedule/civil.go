package schedule

import "time"

const day = 24 * time.Hour

// civil is what calendar and clock show at t, as if in UTC.
func civil(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// instant is the first microsecond at which the clocks of the zone show a local time or a later one. So a time that they show twice
// is the first of the two, one that they skip is the moment of the skip, and of two local times the later is never the earlier
// instant. Zero is zero.
func instant(local time.Time, zone *time.Location) int64 {
	if local.IsZero() {
		return 0
	}
	want := civil(local).Unix()
	// No zone is further than 26 hours from UTC: two days before, no clock showed it yet.
	for at := time.Unix(want, 0).Add(-2 * day).In(zone); ; {
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		first := max(want-int64(offset), at.Unix())
		if end.IsZero() || first < end.Unix() {
			return first * int64(time.Second/time.Microsecond)
		}
		at = end
	}
}
