package page

import (
	"bytes"
	"strings"
)

// step takes what is at pos and is no field.
func (c *compiler) step() {
	b := c.src[c.pos]
	switch c.where {
	case inText:
		c.stepText()
		return
	case inComment:
		if bytes.HasPrefix(c.src[c.pos:], []byte("-->")) {
			c.where = inText
			c.pos += 3
			return
		}
	case inRaw, inRCDA:
		if b == '<' && c.closes() {
			c.where = inTag
			c.pos += 2 + len(c.tag)
			c.tag = "/" + c.tag
			return
		}
	default:
		c.stepTag(b)
	}
	c.pos++
}

// closes tells whether the end tag of the element that holds no markup begins here.
func (c *compiler) closes() bool {
	rest := c.src[c.pos:]
	n := 2 + len(c.tag)
	return len(rest) > n && rest[1] == '/' && strings.EqualFold(string(rest[2:n]), c.tag) &&
		(isSpace(rest[n]) || rest[n] == '>' || rest[n] == '/')
}

func (c *compiler) stepText() {
	rest := c.src[c.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		c.where = inComment
		c.pos += 4
		// Browsers end a comment at <!--> and <!---> already.
		if bytes.HasPrefix(c.src[c.pos:], []byte(">")) || bytes.HasPrefix(c.src[c.pos:], []byte("->")) {
			c.where = inText
		}
	case len(rest) > 1 && rest[0] == '<' && (isLetter(rest[1]) || rest[1] == '/' || rest[1] == '!' || rest[1] == '?'):
		end := 1
		for end < len(rest) && !isSpace(rest[end]) && rest[end] != '>' && (end == 1 || rest[end] != '/') &&
			!bytes.HasPrefix(rest[end:], []byte("{{")) {
			end++
		}
		c.tag = strings.ToLower(string(rest[1:end]))
		c.where, c.attr = inTag, ""
		c.tagAt, c.tagFrom = c.pos, len(c.attributes)
		c.pos += end
	default:
		c.pos++
	}
}

func (c *compiler) stepTag(b byte) {
	switch {
	case c.where == inQuoted:
		if b == c.quote {
			c.attribute(string(c.src[c.valueAt:c.pos]))
		}
	case b == '>' && c.where != inQuoted:
		if c.where == inUnquoted {
			c.attribute(string(c.src[c.valueAt:c.pos]))
		}
		c.endTag()
	case c.where == inUnquoted:
		if isSpace(b) {
			c.attribute(string(c.src[c.valueAt:c.pos]))
		}
	case c.where == inEquals:
		if isSpace(b) {
			return
		}
		c.where, c.valueAt = inUnquoted, c.pos
		if b == '"' || b == '\'' {
			c.where, c.quote, c.valueAt = inQuoted, b, c.pos+1
		}
	case b == '=' && c.attr != "":
		c.where = inEquals
	case isSpace(b) || b == '/':
		if c.where == inName {
			c.where = inTag
		}
	case c.where == inName:
		c.attr += strings.ToLower(string(b))
	default:
		c.where, c.attr = inName, strings.ToLower(string(b))
	}
}

// attribute ends the attribute being read.
func (c *compiler) attribute(value string) {
	c.attributes = append(c.attributes, attribute{tag: c.tag, name: c.attr, value: value, at: c.tagAt})
	c.where, c.attr = inTag, ""
}

// endTag goes on behind a tag's >, into what the element may hold.
func (c *compiler) endTag() {
	c.where = inText
	switch c.tag {
	case "script", "style":
		c.where = inRaw
		if !c.hasNonce() {
			c.bare = append(c.bare, attribute{tag: c.tag, at: c.tagAt})
		}
	case "xmp", "iframe", "noembed", "noframes", "plaintext":
		c.where = inRaw
	case "title", "textarea":
		c.where = inRCDA
	}
}

func (c *compiler) hasNonce() bool {
	for _, a := range c.attributes[c.tagFrom:] {
		if a.name == "nonce" && a.value == "{{nonce}}" {
			return true
		}
	}
	return false
}

func isSpace(b byte) bool  { return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\f' }
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
