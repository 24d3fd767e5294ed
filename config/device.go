package config

import "fmt"

// The values of Device.Key and Device.DBSC.
const (
	DeviceOff     = "off"
	DevicePrefer  = "prefer"
	DeviceRequire = "require"
)

// The values of Device.BindAddress.
const (
	BindOff    = "off"
	BindPrefix = "prefix"
)

// Device is how tickets and passes are bound to a device, beyond its cookie and its browser.
type Device struct {
	// Key is whether a device has to sign with a key of its own, which cannot be copied out of the
	// browser, to enter and to leave: prefer asks those devices that have one, require lets nobody
	// enter without, off asks nobody. The waiting page makes the key where the browser can: with
	// script, over https or on localhost. Without a key, cookie and browser bind. Default prefer.
	Key string `yaml:"key" in:"off|prefer|require"`
	// BindAddress is prefix to bind tickets and passes to the /24 (IPv4) or /56 (IPv6) of the
	// visitor's address as well: from another one, a device with a key has to sign again, and one
	// without is another device. Telephones change their network all the time: leave it off where
	// many visitors have no key. Default off.
	BindAddress string `yaml:"bind_address" in:"off|prefix"`
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
