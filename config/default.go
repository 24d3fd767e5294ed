package config

import "time"

// Default is a configuration with every default and no rooms, without which it is not complete.
// Each call gives a new one.
func Default() *Config {
	return &Config{
		Listen:   "127.0.0.1:8080",
		Operator: Operator{Listen: "127.0.0.1:8081"},
		Store:    Store{Prefix: "waitroom"},
		DataDir:  "./waitroom-data",
		Keys:     Keys{Dir: "waitroom-data/keys"},
		Cookies:  Cookies{Secure: true},
		Identity: Identity{Person: []string{"iss", "sub"}},
		Log:      Log{Level: "info", Format: "json"},
		Limits: Limits{
			ReadTimeout:     10 * time.Second,
			WriteTimeout:    30 * time.Second,
			IdleTimeout:     time.Minute,
			MaxHeader:       16 * kib,
			MaxBody:         10 * mib,
			MaxHeaderFields: 100,
			Drain:           20 * time.Second,

			BadRequestsPerAddress: Limit{30_000, time.Minute},
			BadRequestsPerNetwork: Limit{300_000, time.Minute},
			Remembered:            65_536,
		},
	}
}

// DefaultRoom is a room with every default: no name, no backend, and a rate that admits nobody.
// Each call gives a new one.
func DefaultRoom() Room {
	return Room{
		Hosts:           []string{"*"},
		Paths:           []string{"/"},
		Health:          Health{Interval: 2 * time.Second, Timeout: time.Second},
		BackendTimeouts: BackendTimeouts{Connect: 3 * time.Second, Response: 30 * time.Second},
		Burst:           10,
		BeforeOpening:   BeforeOpening{Order: OrderArrival},
		Hold:            30 * time.Minute,
		Pass:            Pass{TTL: 10 * time.Minute, Idle: 5 * time.Minute, Rotate: time.Minute},
		Waiting:         Waiting{Status: 200},
		Identity:        IdentityOff,
		DeviceLock:      10 * time.Minute,
		Eligibility:     Eligibility{OnClose: CloseGoOn},
		Device:          Device{Key: DevicePrefer, BindAddress: BindOff, DBSC: DeviceOff},
		Limits: RoomLimits{
			JoinsPerDevice: Limit{60, time.Minute},
			ProofOfWork:    ProofOfWork{Mode: WorkOff, Cost: 1000, Digits: 3, Life: 5 * time.Minute},
			Captcha:        Captcha{Kind: CaptchaOff, Mode: WorkWhenLimited, Timeout: 3 * time.Second, WhenDown: DownPlace},
		},
		CacheLimits: CacheLimits{MaxBytes: 64 * mib, MaxAnswer: mib},
	}
}
