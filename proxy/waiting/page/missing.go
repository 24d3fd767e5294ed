package page

import "strings"

// Missing says what an own page lacks to serve everybody: each as one sentence, empty for a page that lacks nothing.
// It is advice: New accepts such a page. Mistakes that New refuses are not repeated here.
func Missing(own []byte) []string {
	c := compile(own)
	var out []string
	want := func(have bool, sentence string) {
		if !have {
			out = append(out, sentence)
		}
	}
	f := c.fields
	want(f["script"], "no {{script}}: the page would not ask, count down or enter by itself")
	want(f["refresh"], "no {{refresh}} in the head: without script the page would stand still")
	want(c.has("href", "{{return}}") || c.has("action", "{{return}}"),
		`no <a href="{{return}}">: without script nobody could enter by hand`)
	want(c.spoken(), `no <p role="status" data-waitroom="status"></p>: screen readers would hear nothing of changes`)
	want(f["heading"] && f["text"], "no {{heading}} and {{text}}: nobody would learn what is going on")
	want(c.has("data-waitroom", "heading") && c.has("data-waitroom", "text"),
		`no data-waitroom="heading" and data-waitroom="text" on elements: the script could not keep them true`)
	want(f["position"] && c.has("data-waitroom", "position"),
		`no <… data-waitroom="position">{{position}}</…>: nobody would see their position`)
	want(f["eta"] && c.has("data-waitroom", "eta"), `no <… data-waitroom="eta">{{eta}}</…>: nobody would know how long`)
	want(f["message"] && c.has("data-waitroom", "message"),
		`no <… data-waitroom="message">{{message}}</…>: your announcements would not be seen`)
	want(c.has("data-waitroom", "trouble"), `no <p data-waitroom="trouble" hidden></p>: nobody would see that they are offline`)
	want(f["title"], "no <title>{{title}}</title>: the tab would not say whose turn it is")
	want(c.has("lang", "{{language}}"), `no <html lang="{{language}}">: screen readers would take the wrong voice`)
	want(f["other"], "no {{other}}: without script the other language could not be read")
	want(c.has("name", "viewport"), `no <meta name="viewport" content="width=device-width">: unreadable on telephones`)
	want(c.has("charset", "utf-8"), `no <meta charset="utf-8">: Korean may come out as nonsense`)
	return append(out, c.blocked()...)
}

// blocked says what browsers will not load or run under the page's Content-Security-Policy.
func (c *compiler) blocked() []string {
	var out []string
	for _, b := range c.bare {
		out = append(out, c.position(b.at)+": <"+b.tag+`> without nonce="{{nonce}}": browsers will ignore it`)
	}
	for _, a := range c.attributes {
		value := strings.ToLower(strings.TrimSpace(a.value))
		loads := a.name == "src" || a.name == "srcset" || a.name == "poster" || a.name == "href" && a.tag == "link"
		switch {
		case strings.HasPrefix(a.name, "on"), a.name == "style":
			out = append(out, c.position(a.at)+": "+a.name+" of <"+a.tag+">: browsers will ignore it")
		case loads && (strings.Contains(value, "://") || strings.HasPrefix(value, "//")):
			out = append(out, c.position(a.at)+": "+a.name+" of <"+a.tag+"> is on another host: browsers will not load it")
		}
	}
	return out
}

// has tells whether some element carries that attribute with that value.
func (c *compiler) has(name, value string) bool {
	for _, a := range c.attributes {
		if a.name == name && strings.EqualFold(a.value, value) {
			return true
		}
	}
	return false
}

// spoken tells whether one element is the spoken region and announced as such.
func (c *compiler) spoken() bool {
	marked, live := map[int]bool{}, map[int]bool{}
	for _, a := range c.attributes {
		marked[a.at] = marked[a.at] || a.name == "data-waitroom" && a.value == "status"
		live[a.at] = live[a.at] || a.name == "role" && a.value == "status" || a.name == "aria-live" && a.value == "polite"
	}
	for at := range marked {
		if marked[at] && live[at] {
			return true
		}
	}
	return false
}
