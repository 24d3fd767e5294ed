package attempts

import "waitroom/bench/canary"

// around is family B: around the line by address, host or method.
func around() []Attempt {
	return []Attempt{
		{
			ID: "B1", Title: "A deep link to any step, without a pass.",
			Steps:  "curl -i {url}/book/confirm -H 'Accept: text/html'; then the same for every address of the site that you know",
			Expect: "the waiting page (200, no-store) to browsers, 429 with a problem document to apps; the backend hears nothing",
			Refs:   []string{"CWE-425", "WSTG-ATHZ-02", "WSTG-BUSL-06", "ASVS 2.3.1"},
			Driver: Raw, Needs: NeedClosed, Run: deepLinks,
		},
	}
}

func deepLinks(s *Stage) {
	var shots []Shot
	for _, page := range canary.Pages {
		shots = append(shots, Shot{Name: page, Text: get(page, "X-Attempt: {mark}")})
	}
	s.Shoot(shots)
}

// get is a request for a target, with more fields.
func get(target string, fields ...string) string { return request("GET", target, fields...) }

// request is a request without a body.
func request(method, target string, fields ...string) string {
	text := method + " " + target + " HTTP/1.1\r\nHost: {host}\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	return text + "\r\n"
}
