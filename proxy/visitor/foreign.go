package visitor

import (
	"bytes"

	"waitroom/proxy/strict"
)

// Foreign says whether another site's page made the call. Programs that are no
// browsers send neither field.
func Foreign(q *strict.Request) bool {
	if site := q.Value(strict.FetchSite); len(site) > 0 && string(site) != "same-origin" && string(site) != "none" {
		return true
	}
	origin := q.Value(strict.Origin)
	if len(origin) == 0 {
		return false
	}
	_, host, ok := bytes.Cut(origin, []byte("://"))
	return !ok || !bytes.EqualFold(host, q.Authority)
}
