package main

import (
	"cmp"
	"encoding/json"
	"sync/atomic"

	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/proxy/limits/captcha"
	"waitroom/proxy/waiting"
)

// captcha is the check by a provider that a room asks for; nil for none. That the provider does
// not answer is logged once, and that it answers again.
func (g *gateway) captcha(from *config.Room) *waiting.Captcha {
	c := from.Limits.Captcha
	provider, known := captcha.Providers()[c.Kind]
	if !known {
		return nil
	}
	shown, err := json.Marshal(map[string]string{"kind": c.Kind, "sitekey": c.SiteKey, "script": provider.Script})
	if err != nil {
		panic("BUG: write what a page's check needs: " + err.Error())
	}
	var down atomic.Bool
	log := g.log.With(zap.String("room", from.Name), zap.String("captcha", c.Kind))
	return &waiting.Captcha{
		Verifier: captcha.New(cmp.Or(c.VerifyURL, provider.Verify), c.SiteKey, c.Secret.Reveal(), c.Timeout),
		Always:   c.Mode == config.WorkAlways, RefuseWhenDown: c.WhenDown == config.DownRefuse,
		Shown: string(shown), Origins: provider.Origins,
		Told: func(err error) {
			switch {
			case err != nil && !down.Swap(true):
				log.Error("the captcha's provider does not tell", zap.String("then", c.WhenDown), zap.Error(err))
			case err == nil && down.Swap(false):
				log.Info("the captcha's provider answers again")
			}
		},
	}
}
