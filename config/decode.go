package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// setting is one field of a configuration type, as its tags describe it.
type setting struct {
	key   string
	one   bool   // a list that may be written as its only element
	in    string // the values that are possible
	start bool   // taken only at start
	index int
}

// settings lists the fields of a configuration type in their order.
func settings(t reflect.Type) []setting {
	list := make([]setting, t.NumField())
	for i := range list {
		f := t.Field(i)
		key, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" {
			panic("BUG: no yaml key on " + t.Name() + "." + f.Name)
		}
		list[i] = setting{key: key, one: option == "one", in: f.Tag.Get("in"), start: f.Tag.Get("change") == "start", index: i}
	}
	return list
}

// section says that v holds settings of its own, rather than being a value.
func section(v reflect.Value) bool {
	return v.Kind() == reflect.Struct && !isScalar(v)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// node reads n into v, which is at path.
func (r *reader) node(n *yaml.Node, v reflect.Value, path string) {
	if _, ok := r.set[path]; !ok {
		r.set[path] = spot{line: n.Line, column: n.Column}
	}
	switch {
	case n.Kind == yaml.AliasNode:
		r.report(path, title(path)+" is an alias", "write the value out; aliases are not followed")
	case section(v):
		r.section(n, v, path)
	case v.Kind() == reflect.Slice && !isScalar(v):
		r.list(n, v, path)
	default:
		r.scalar(n, v, path)
	}
}

func (r *reader) section(n *yaml.Node, v reflect.Value, path string) {
	if empty(n) && path != "" {
		return // all of it is commented out: the defaults
	}
	if n.Kind != yaml.MappingNode {
		if path == "" {
			r.bad["rooms"] = true // not missing beside this
		}
		r.report(path, title(path)+" is not a set of keys", "write `key: value` lines, such as `"+settings(v.Type())[0].key+": …`")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		if line, again := seen[key.Value]; again {
			r.key(key, "the key `"+shown(key)+"` is written twice", fmt.Sprintf("keep one of them; the other is in line %d", line))
			continue
		}
		seen[key.Value] = key.Line
		s, ok := find(v.Type(), key)
		if !ok {
			r.unknown(key, value, v.Type())
			continue
		}
		if value.Kind != yaml.ScalarNode {
			// A block begins under its key: the key is what people look for.
			r.set[at] = spot{line: key.Line, column: key.Column}
		}
		r.node(value, v.Field(s.index), at)
	}
}

func find(t reflect.Type, key *yaml.Node) (setting, bool) {
	if key.Kind != yaml.ScalarNode {
		return setting{}, false
	}
	all := settings(t)
	i := slices.IndexFunc(all, func(s setting) bool { return s.key == key.Value })
	if i < 0 {
		return setting{}, false
	}
	return all[i], true
}

// key reports a problem of a key, without marking the value that another line may have given it.
func (r *reader) key(key *yaml.Node, what, mend string) {
	r.problems = append(r.problems, r.problem(spot{line: key.Line, column: key.Column}, what, mend))
}

func (r *reader) unknown(key, value *yaml.Node, t reflect.Type) {
	var known []string
	for _, s := range settings(t) {
		known = append(known, s.key)
	}
	mend := "the keys here are " + strings.Join(known, ", ")
	if guess := nearest(key.Value, known); guess != "" {
		mend = "did you mean `" + guess + "`?"
	} else if home := elsewhere(key.Value); home != "" {
		mend = "it belongs under `" + home + "`"
	}
	if value.Kind == yaml.ScalarNode && value.Value == "" && strings.Trim(key.Value, "0123456789/hmins.") == "" {
		// {rate: 2,000,000/h} is read as three keys.
		mend = "put the value before it in quotes: within { } a comma begins the next key"
	}
	r.key(key, "unknown key `"+shown(key)+"`", mend)
}

// elsewhere is the section that a key belongs to, if it is exactly one.
func elsewhere(key string) string {
	var homes []string
	walkKeys(reflect.TypeFor[Config](), "", func(path string) {
		if home, last := strings.TrimSuffix(path, "."+key), path[strings.LastIndexByte(path, '.')+1:]; last == key && home != path {
			homes = append(homes, home)
		}
	})
	if len(homes) != 1 {
		return ""
	}
	return homes[0]
}

// walkKeys visits every key of a configuration type with its path; those within lists stand under
// the list's key.
func walkKeys(t reflect.Type, path string, visit func(string)) {
	for _, s := range settings(t) {
		at, field := join(path, s.key), t.Field(s.index).Type
		visit(at)
		if field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		if section(reflect.New(field).Elem()) {
			walkKeys(field, at, visit)
		}
	}
}

// shown is a key as a message quotes it.
func shown(key *yaml.Node) string {
	if key.Kind != yaml.ScalarNode {
		return "…"
	}
	return strings.Trim(quote(key.Value), `"`)
}

func (r *reader) list(n *yaml.Node, v reflect.Value, path string) {
	elements := n.Content
	switch {
	case empty(n):
		r.report(path, title(path)+" has no value", "write a list, or remove the line")
		return
	case n.Kind == yaml.ScalarNode && r.one(path):
		elements = []*yaml.Node{n}
	case n.Kind != yaml.SequenceNode:
		r.report(path, title(path)+" is not a list", "write [a, b], or a line with `- ` for each")
		return
	}
	made := reflect.MakeSlice(v.Type(), len(elements), len(elements))
	for i, e := range elements {
		switch list := made.Interface().(type) {
		case []Room:
			list[i] = DefaultRoom()
		case []IdentityProvider:
			list[i] = defaultProvider()
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		r.node(e, made.Index(i), at)
		if r.bad[at] {
			r.bad[path] = true
		}
	}
	v.Set(made)
}

// one says whether the list at path may be written as its only element.
func (r *reader) one(path string) bool {
	s, ok := settingAt(reflect.TypeFor[Config](), path)
	return ok && s.one
}

// settingAt finds the setting of a path.
func settingAt(t reflect.Type, path string) (setting, bool) {
	key, rest, more := strings.Cut(path, ".")
	if i := strings.IndexByte(key, '['); i >= 0 {
		key = key[:i]
	}
	for _, s := range settings(t) {
		if s.key != key {
			continue
		}
		if !more {
			return s, true
		}
		field := t.Field(s.index).Type
		if field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		return settingAt(field, rest)
	}
	return setting{}, false
}

func (r *reader) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		r.report(path, title(path)+" is not a single value", "write "+example(v))
		return
	}
	if empty(n) {
		r.report(path, title(path)+" has no value", "write one, or remove the line")
		return
	}
	if what, mend := wrongType(n, v); what != "" {
		r.report(path, title(path)+" "+what, mend)
		return
	}
	r.assign(v, n.Value, path)
}

// assign reads text into v, and holds it against what is possible there.
func (r *reader) assign(v reflect.Value, text, path string) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	err := parseScalar(v, text)
	if err == nil {
		if s, ok := settingAt(reflect.TypeFor[Config](), path); ok && s.in != "" {
			err = within(v, s.in)
		}
	}
	if err != nil {
		v.Set(old)
		r.fault(path, err)
	}
}

// title begins a sentence about the value at path.
func title(path string) string {
	if path == "" {
		return "the file"
	}
	if strings.HasSuffix(path, "]") {
		if label(path) == "rooms" {
			return "this room"
		}
		return "this entry of `" + label(path) + "`"
	}
	return "`" + label(path) + "`"
}

// empty says that nothing is written after a key.
func empty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}
