package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxFile is the most that is read of the configuration, and of any file that it names.
const maxFile = 1 << 20

// Load reads the configuration file at path, with environ ("NAME=value", as os.Environ gives it)
// over it. The error is Problems, or the system's where the file cannot be read. It blocks for as
// long as reading small files takes.
func Load(path string, environ []string) (*Config, error) {
	c, _, err := load(path, environ)
	return c, err
}

// Parse is Load for a file that was read already. File is its name, for messages and for the
// folder that names within it are relative to; the files that data names are read.
func Parse(file string, data []byte, environ []string) (*Config, error) {
	c, _, err := parse(file, data, environ)
	return c, err
}

// load also gives what was read, so that a Watcher can tell when it changes.
func load(path string, environ []string) (*Config, []source, error) {
	main := read(path)
	if main.err != nil {
		return nil, []source{main}, fmt.Errorf("read configuration %s: %w; name the file with -c, and begin with waitroom.example.yaml if there is none", path, cause(main.err))
	}
	c, named, err := parse(path, main.data, environ)
	return c, append([]source{main}, named...), err
}

func parse(file string, data []byte, environ []string) (*Config, []source, error) {
	r := &reader{
		file: file,
		dir:  filepath.Dir(file),
		set:  map[string]spot{"": {line: 1, column: 1}},
		bad:  map[string]bool{},
	}
	c := Default()
	c.Keys.Dir = ""
	r.document(data, c)
	r.environment(environ, c)
	r.files(c)
	r.derive(c)
	r.check(c)
	if len(r.problems) > 0 {
		return nil, r.named, r.problems.sorted()
	}
	return c, r.named, nil
}

// reader is one reading of a configuration: where each value stood, and what was wrong.
type reader struct {
	file, dir string
	set       map[string]spot // by path (`rooms[0].rate`): where it was set, well or not
	bad       map[string]bool // by path: it was set, and is not usable
	named     []source        // files that were read because the configuration names them
	problems  Problems
}

// spot is where a value was set: in a line of the file, or by a variable.
type spot struct {
	line, column int
	variable     string
}

// has says whether the value at path was set, well or not.
func (r *reader) has(path string) bool {
	_, ok := r.set[path]
	return ok
}

// sound says that none of the values was set to something unusable, so that a further check of
// them would not repeat what was reported already.
func (r *reader) sound(paths ...string) bool {
	for _, p := range paths {
		if r.bad[p] {
			return false
		}
	}
	return true
}

// report adds a problem of the value at path. A value that was not set is reported where the
// nearest thing around it begins.
func (r *reader) report(path, what, mend string) {
	r.bad[path] = true
	s, ok := r.set[path]
	for at := path; !ok; s, ok = r.set[at] {
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	r.problems = append(r.problems, r.problem(s, what, mend))
}

// fault reports err about the value at path, with its key before it.
func (r *reader) fault(path string, err error) {
	what, mend := err.Error(), ""
	if f := (*fault)(nil); errors.As(err, &f) {
		what, mend = f.what, f.mend
	}
	r.report(path, "`"+label(path)+"`: "+what, mend)
}

func (r *reader) problem(s spot, what, mend string) Problem {
	if s.variable != "" {
		return Problem{File: s.variable, What: what, Mend: mend}
	}
	return Problem{File: r.file, Line: s.line, Column: s.column, What: what, Mend: mend}
}

// label is the key as people know it: `rooms[0].pass.ttl` is `pass.ttl`, `rooms[0].hosts[1]` is
// `hosts`, `rooms[0].cache[0].ttl` is `cache.ttl`.
func label(path string) string {
	if strings.HasPrefix(path, "rooms[") {
		if _, within, ok := strings.Cut(path, "]."); ok {
			path = within
		}
	}
	for i := strings.IndexByte(path, '['); i > 0; i = strings.IndexByte(path, '[') {
		path = path[:i] + path[i+strings.IndexByte(path[i:], ']')+1:]
	}
	return path
}

// document reads data into c, node by node.
func (r *reader) document(data []byte, c *Config) {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		r.report("", "the file cannot be read as YAML", err.Error())
		return
	}
	var doc yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		return // an empty file: check says what is missing
	case err != nil:
		r.syntax(data, err)
		return
	case doc.Kind != yaml.DocumentNode || len(doc.Content) != 1:
		return
	}
	r.node(doc.Content[0], reflect.ValueOf(c).Elem(), "")
	var second yaml.Node
	switch err := loader.Load(&second); {
	case err == nil:
		r.set["---"] = spot{line: second.Line, column: second.Column}
		r.report("---", "a second document begins", "keep one document: remove the line ---")
	case !errors.Is(err, io.EOF):
		r.syntax(data, err)
	}
}

// syntax reports what is not YAML. The words of the composer are left out, because they quote the
// text, which may be a secret that begins with a `*`.
func (r *reader) syntax(data []byte, err error) {
	what, s := "the file is not YAML", spot{line: 1, column: 1}
	mend := "mind indentation, brackets and quotes at and before this place"
	if e := (*yaml.LoadError)(nil); errors.As(err, &e) {
		s = position(data, e)
		switch {
		case e.Stage == yaml.ComposerStage || strings.Contains(e.ContextMsg, "alias") || strings.Contains(e.ContextMsg, "anchor"):
			mend = "put text that begins with * or & in quotes"
		default:
			what += ": " + e.Message
		}
	}
	// Whatever else is missing is missing because of this.
	r.bad["rooms"] = true
	r.problems = append(r.problems, r.problem(s, what, mend))
}

func position(data []byte, e *yaml.LoadError) spot {
	if e.Mark.Line > 0 {
		return spot{line: e.Mark.Line, column: max(1, e.Mark.Column)}
	}
	before := data[:max(0, min(e.Mark.Index, len(data)))]
	return spot{
		line:   1 + bytes.Count(before, []byte("\n")),
		column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}

// source is a file as it was read.
type source struct {
	name string
	data []byte
	err  error
}

// read reads a regular file of at most maxFile bytes, so that a pipe or a device that is named by
// mistake does not hang or fill the process.
func read(name string) source {
	data, err := func() ([]byte, error) {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, errors.New("not a regular file")
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
		if err == nil && len(data) > maxFile {
			return nil, errors.New("larger than 1MiB")
		}
		return data, err
	}()
	return source{name: name, data: data, err: err}
}

// cause leaves out the name and call that a system error carries: the message has the name already.
func cause(err error) error {
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
