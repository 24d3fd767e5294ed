// Package schedule says who may enter when: windows of time for everybody, for a group, or by rotation, where the last digit of the
// day of birth has to equal the last digit of the date.
//
// It is pure: a function of what is known of a person, of an instant of the store's clock and of the configuration. Nothing that a
// visitor sends is a time here.
package schedule

// Facts are what is known of a verified person: enough to decide, and no more.
type Facts struct {
	// Digit is the last digit of the day of birth, 0 to 9; -1 is not known.
	Digit int
	// Groups has bit i set where the person belongs to the group i of the configuration.
	Groups uint16
}

// Pack writes the facts as one number above 0, as it stands in tickets.
func (f Facts) Pack() int64 { return int64(f.Groups)<<4 | int64(f.Digit+2) }

// Unpack reads what Pack writes; of any other number it makes facts by which nobody is eligible.
func Unpack(n int64) Facts {
	digit := int(n&15) - 2
	if n <= 0 || n>>4 > 1<<16-1 || digit < 0 || digit > 9 {
		digit = -1
	}
	if n <= 0 || n>>4 > 1<<16-1 {
		return Facts{Digit: -1}
	}
	return Facts{Digit: digit, Groups: uint16(n >> 4)} // #nosec G115 -- bounded above
}
