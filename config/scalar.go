package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// isScalar says that v is written as one value. It has to know every type that parseScalar knows.
func isScalar(v reflect.Value) bool {
	switch v.Interface().(type) {
	case string, bool, int, time.Duration, time.Time, Size, Rate, Limit, Secret, Backend, netip.Prefix, LocalTime, Date, ClockTime, Count:
		return true
	}
	return false
}

// parseScalar reads text into v.
func parseScalar(v reflect.Value, text string) error {
	var err error
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
	case *Secret:
		*p = newSecret(text)
	case *bool:
		*p, err = parseBool(text)
	case *int:
		*p, err = parseInt(text)
	case *time.Duration:
		*p, err = parseDuration(text)
	case *time.Time:
		*p, err = parseInstant(text)
	case *Size:
		*p, err = parseSize(text)
	case *Rate:
		*p, err = ParseRate(text)
	case *Limit:
		*p, err = parseLimit(text)
	case *Backend:
		*p, err = parseBackend(text)
	case *netip.Prefix:
		*p, err = parsePrefix(text)
	case *LocalTime:
		*p, err = parseLocalTime(text)
	case *Date:
		*p, err = parseDate(text)
	case *ClockTime:
		*p, err = parseClockTime(text)
	case *Count:
		*p, err = parseWhole(text)
	default:
		panic(fmt.Sprintf("BUG: no reader for %s", v.Type()))
	}
	return err
}

// wrongType refuses what YAML took for another type than the setting has.
func wrongType(n *yaml.Node, v reflect.Value) (what, mend string) {
	tag := n.ShortTag()
	switch v.Interface().(type) {
	case string, Secret, Backend, netip.Prefix:
		switch {
		case tag == "!!str" || tag == "!!timestamp":
		case v.Kind() == reflect.String && v.String() != "":
			return "is not text", "write text such as " + v.String()
		default:
			return "is not text", "put it in quotes"
		}
	case bool:
		if tag != "!!bool" {
			return "is not true or false", "write true or false, without quotes"
		}
	case int:
		if tag != "!!int" {
			return "is not a whole number", "write one in digits only, without quotes"
		}
	}
	return "", ""
}

// example shows how a value of v's type is written.
func example(v reflect.Value) string {
	switch v.Interface().(type) {
	case bool:
		return "true or false"
	case int:
		return "a whole number"
	case time.Duration:
		return "a duration such as 30s or 1h30m"
	case time.Time:
		return "a time such as 2021-08-12T20:00:00+09:00"
	case Size:
		return "a size such as 16KiB"
	case Rate:
		return "a rate such as 2,000,000/h"
	case Limit:
		return "a limit such as 300/min, or off"
	case LocalTime:
		return "a local time such as 2021-08-19T20:00"
	case Date:
		return "a date such as 2021-08-09"
	case ClockTime:
		return `a time of day such as "20:00"`
	case Count:
		return "a number such as 1,900,000"
	}
	return "one text"
}

func parseBool(s string) (bool, error) {
	switch s {
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	return false, &fault{quote(s) + " is not true or false", "write true or false"}
}

func parseInt(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, &fault{quote(s) + " is not a whole number", "write one in digits only"}
	}
	return int(n), nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	if digits(s) && s != "" {
		return 0, &fault{quote(s) + " has no unit", fmt.Sprintf("write %ss, %sm or %sh", s, s, s)}
	}
	return 0, &fault{quote(s) + " is not a duration", "write hours, minutes and seconds such as 1h30m, 30s or 500ms"}
}

func parseInstant(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil {
		return t, nil
	}
	if _, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		return time.Time{}, &fault{quote(s) + " has no zone", fmt.Sprintf("write %s+09:00, or %sZ for UTC", s, s)}
	}
	return time.Time{}, &fault{quote(s) + " is not a time", "write date, time and zone such as 2021-08-12T20:00:00+09:00 (RFC 3339)"}
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil || p.Addr().Is4In6():
		return netip.Prefix{}, &fault{quote(s) + " is not an address or a network", "write 10.0.0.7 or 10.0.0.0/8"}
	case p.Bits() == 0:
		return netip.Prefix{}, &fault{quote(s) + " is everybody: any visitor could claim any address", "name the very addresses or networks"}
	case p != p.Masked():
		return netip.Prefix{}, &fault{quote(s) + " is an address and a network at once", fmt.Sprintf("write %s for the network or %s for the address", p.Masked(), p.Addr())}
	}
	return p, nil
}

// within holds v against the values that are possible, as the tag `in` writes them.
func within(v reflect.Value, in string) error {
	low, high, ranged := strings.Cut(in, "..")
	if !ranged {
		text := fmt.Sprint(v.Interface())
		for choice := range strings.SplitSeq(in, "|") {
			if choice == text {
				return nil
			}
		}
		return &fault{quote(text) + " is not possible", "write " + strings.ReplaceAll(in, "|", " or ")}
	}
	if number(v, low) <= v.Int() && v.Int() <= number(v, high) {
		return nil
	}
	return &fault{fmt.Sprintf("%v is out of bounds", v.Interface()), fmt.Sprintf("write %s to %s", low, high)}
}

// number reads a bound of v's own type.
func number(v reflect.Value, text string) int64 {
	bound := reflect.New(v.Type()).Elem()
	if err := parseScalar(bound, text); err != nil {
		panic("BUG: bound " + text + ": " + err.Error())
	}
	return bound.Int()
}
