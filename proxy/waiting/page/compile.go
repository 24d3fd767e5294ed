package page

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// segment is a piece of a page: fixed text, or a field.
type segment struct {
	text  []byte
	field string
}

// attribute is one attribute of a start tag, as written.
type attribute struct {
	tag, name, value string
	at               int
}

// compiler walks through a page once, as a browser's tokenizer would, as far as is needed to know where a field
// stands. Where it is stricter than a browser (a field where it is not sure) it refuses.
type compiler struct {
	src      []byte
	pos      int
	from     int
	segments []segment
	mistakes []error

	where      place
	tag, attr  string
	quote      byte
	valueAt    int
	fields     map[string]bool
	attributes []attribute
	tagFrom    int
	tagAt      int
	bare       []attribute
}

// place is where the compiler is.
type place int

const (
	inText place = iota
	inComment
	inTag    // between attributes
	inName   // in the name of an attribute
	inEquals // behind its =
	inQuoted
	inUnquoted
	inRaw  // script, style and other elements without markup inside
	inRCDA // title, textarea: text without elements
)

func compile(src []byte) *compiler {
	c := &compiler{src: src, fields: map[string]bool{}}
	for c.pos < len(c.src) {
		if bytes.HasPrefix(c.src[c.pos:], []byte("{{")) && c.field() {
			continue
		}
		c.step()
	}
	if c.where != inText {
		c.refuse(len(c.src), "the page ends inside a tag, a comment or <"+c.tag+">")
	}
	c.cut(len(c.src))
	return c
}

func (c *compiler) err() error { return errors.Join(c.mistakes...) }

// cut ends the fixed text before at.
func (c *compiler) cut(at int) {
	if at > c.from {
		c.segments = append(c.segments, segment{text: c.src[c.from:at]})
	}
}

func (c *compiler) refuse(at int, what string) {
	c.mistakes = append(c.mistakes, fmt.Errorf("%s: %s", c.position(at), what))
}

// position writes at as line:column, both from 1, columns in characters.
func (c *compiler) position(at int) string {
	before := c.src[:at]
	line := bytes.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("%d:%d", bytes.Count(before, []byte{'\n'})+1, utf8.RuneCount(before[line:])+1)
}

// field takes {{name}} at pos; false means that these braces are no field but text of a script or style.
func (c *compiler) field() bool {
	start := c.pos
	end := bytes.Index(c.src[start:], []byte("}}"))
	name := ""
	if end >= 0 {
		name = strings.TrimSpace(string(c.src[start+2 : start+end]))
	}
	if !isFieldName(name) {
		if c.where != inRaw && c.where != inComment {
			c.refuse(start, "a field is written {{name}}")
		}
		return false
	}
	c.cut(start)
	c.pos = start + end + 2
	c.from = c.pos
	if mistake := c.judge(name, start); mistake != "" {
		c.refuse(start, mistake)
	}
	c.fields[name] = true
	c.segments = append(c.segments, segment{field: name})
	return true
}

func isFieldName(name string) bool {
	for _, r := range name {
		if r != '_' && r != '.' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// judge says what is wrong with a field where it stands; "" is nothing.
func (c *compiler) judge(name string, start int) string {
	kind := fieldKind(name)
	field := "{{" + name + "}}"
	switch {
	case kind == unknown:
		return field + " is not a field"
	case c.where == inComment:
		return field + " inside a comment"
	case c.where == inRaw:
		return field + " inside <" + c.tag + ">: read what the script element or the marked elements hold instead"
	case kind == block && c.where != inText:
		return field + " stands for whole elements: put it between elements"
	case kind == nonce && !c.whole(name, start, "nonce"):
		return field + ` belongs in a tag as nonce="{{nonce}}"`
	case c.makesTag(start):
		return field + " right behind <: it would make up the name of an element"
	case c.where == inText, c.where == inRCDA:
		return ""
	case c.where != inQuoted:
		return field + ` in a tag: put it inside a quoted attribute, like data-x="` + field + `"`
	}
	return c.judgeAttribute(name, start)
}

// makesTag tells whether a < and no space stands before the field at start, outside of tags.
func (c *compiler) makesTag(start int) bool {
	if c.where != inText && c.where != inRCDA {
		return false
	}
	word := c.src[bytes.LastIndexAny(c.src[:start], " \t\n\r\f>")+1 : start]
	return bytes.IndexByte(word, '<') >= 0
}

func (c *compiler) judgeAttribute(name string, start int) string {
	switch {
	case name == "return" && (c.whole(name, start, "href") && (c.tag == "a" || c.tag == "area") ||
		c.whole(name, start, "action") && c.tag == "form"):
		return ""
	case name == "nonce", !isRisky(c.attr):
		return ""
	}
	return "{{" + name + "}} in " + c.attr + `: addresses take href="{{return}}" of a link or action="{{return}}" of a form only, scripts and styles nothing`
}

// isRisky tells attributes whose value a browser follows, runs or parses.
func isRisky(attr string) bool {
	if strings.HasPrefix(attr, "on") || strings.Contains(attr, ":") {
		return true
	}
	switch attr {
	case "href", "src", "srcset", "imagesrcset", "action", "formaction", "poster", "data", "cite", "background", "ping",
		"manifest", "longdesc", "profile", "usemap", "codebase", "classid", "archive", "icon", "dynsrc", "lowsrc", "style",
		"srcdoc", "content", "http-equiv", "nonce", "attributename", "to", "from", "values", "by", "sandbox", "allow",
		"integrity", "rel", "type", "is", "base", "target", "download", "form":
		return true
	}
	return false
}

// whole tells whether the field at start is all of that attribute's quoted value.
func (c *compiler) whole(name string, start int, attr string) bool {
	return c.where == inQuoted && c.attr == attr && c.valueAt == start && c.pos < len(c.src) && c.src[c.pos] == c.quote &&
		name != ""
}
