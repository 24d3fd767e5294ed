package config

import "testing"

func TestARoomAnswersForItsHostsAndPaths(t *testing.T) {
	f := func(room Room, host, path string, want bool) {
		t.Helper()
		if got := room.Answers(host, path); got != want {
			t.Errorf("%v %v answers for %s%s: %v", room.Hosts, room.Paths, host, path, got)
		}
	}
	anything := Room{Hosts: []string{"*"}, Paths: []string{"/"}}
	f(anything, "a.kr", "/", true)
	f(anything, "", "/x", true)
	book := Room{Hosts: []string{"www.a.kr", "*.b.kr"}, Paths: []string{"/book/", "/see/"}}
	f(book, "www.a.kr", "/book", true)
	f(book, "www.a.kr", "/book/", true)
	f(book, "www.a.kr", "/book/1", true)
	f(book, "x.b.kr", "/see/1", true)
	f(book, "y.x.b.kr", "/see/1", true)
	f(book, "www.a.kr", "/bookshop", false) // not a segment
	f(book, "www.a.kr", "/", false)
	f(book, "a.kr", "/book/", false)
	f(book, "b.kr", "/book/", false)     // the pattern is for names below
	f(book, "evilb.kr", "/book/", false) // not a label
	f(Room{}, "a.kr", "/", false)        // the zero room answers for nothing
}

func TestOpenPathsAreFoldersOrExact(t *testing.T) {
	room := Room{OpenPaths: []string{"/static/", "/robots.txt"}}
	f := func(path string, want bool) {
		t.Helper()
		if got := room.Open(path); got != want {
			t.Errorf("%s is open: %v", path, got)
		}
	}
	f("/static/", true)
	f("/static/a/b.css", true)
	f("/robots.txt", true)
	f("/static", false)
	f("/static2/", false)
	f("/robots.txt/x", false)
	f("/robots.txt2", false)
	f("/", false)
}

func TestRoomsThatShareNothingGoTogether(t *testing.T) {
	f := func(a, b string) {
		t.Helper()
		mustParse(t, "rooms:\n  - {name: a, rate: 1/s, backend: \"http://a\", "+a+"}\n  - {name: b, rate: 1/s, backend: \"http://b\", "+b+"}\n")
	}
	f(`hosts: [a.kr]`, `hosts: [b.kr]`)
	f(`hosts: ["*.a.kr"]`, `hosts: [a.kr]`)
	f(`hosts: ["*.a.kr"]`, `hosts: ["*.b.a.example"]`)
	f(`paths: [/book]`, `paths: [/bookshop]`)
	f(`hosts: [a.kr], paths: [/x]`, `hosts: [b.kr], paths: [/x]`)
}
