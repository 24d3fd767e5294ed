package config

import "reflect"

// NeedsRestart names the settings, by their keys, that differ between c and next and are taken
// only at start: until then the running values stay. All other differences can be taken over live.
func (c *Config) NeedsRestart(next *Config) []string {
	return changed(reflect.ValueOf(c).Elem(), reflect.ValueOf(next).Elem(), "", false)
}

func changed(a, b reflect.Value, path string, start bool) []string {
	var keys []string
	for _, s := range settings(a.Type()) {
		x, y, at, start := a.Field(s.index), b.Field(s.index), join(path, s.key), start || s.start
		switch {
		case section(x):
			keys = append(keys, changed(x, y, at, start)...)
		case start && !reflect.DeepEqual(x.Interface(), y.Interface()):
			keys = append(keys, at)
		}
	}
	return keys
}
