package config

import "fmt"

// The values of Device.DBSC.
const (
	DeviceOff     = "off"
	DevicePrefer  = "prefer"
	DeviceRequire = "require"
)

// Device is how a pass is bound to the browser that entered, beyond cookies.
type Device struct {
	// DBSC is whether browsers that offer Device Bound Session Credentials hold the pass by a key
	// that they cannot give away: off, prefer, where others go on without, or require, where a pass
	// without is refused 30 seconds after its entry. Needs https and `cookies.secure`; in November
	// 2026 Chrome on Windows offers it. Default off.
	DBSC string `yaml:"dbsc" in:"off|prefer|require"`
}

// device checks what the binding needs.
func (r *reader) device(at string, room Room, secure bool) {
	path := at + ".device.dbsc"
	if room.Device.DBSC != DeviceOff && !secure && r.sound(path, "cookies.secure") {
		r.report(path, fmt.Sprintf("`device.dbsc`: %s needs `cookies.secure`", room.Device.DBSC),
			"browsers keep sessions of https only: remove `cookies: {secure: false}`, or write off")
	}
}
