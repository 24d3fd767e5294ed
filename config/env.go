package config

import (
	"reflect"
	"slices"
	"strings"
)

const envPrefix = "WAITROOM_"

// envOfCommands are variables that commands read, not the configuration.
// WAITROOM_OPERATOR_TOKEN is both.
func envOfCommands() []string {
	return []string{"WAITROOM_CONFIG", "WAITROOM_OPERATOR_URL"}
}

// envVars lists the names of all variables that override a setting, in the order of the manual:
// the keys of the file, in capitals, joined by `_`. Only scalars outside of rooms have one.
func envVars() []string {
	var names []string
	walkScalars(reflect.ValueOf(Default()).Elem(), "", func(path string, _ reflect.Value) {
		names = append(names, envName(path))
	})
	return names
}

func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// walkScalars visits every scalar outside of lists.
func walkScalars(v reflect.Value, path string, visit func(string, reflect.Value)) {
	for _, s := range settings(v.Type()) {
		field, at := v.Field(s.index), join(path, s.key)
		switch {
		case section(field):
			walkScalars(field, at, visit)
		case isScalar(field):
			visit(at, field)
		}
	}
}

// environment lays the variables of environ over c. An empty one counts as not set. Of a secret
// and its `…_file`, the one from the environment replaces both of the file.
func (r *reader) environment(environ []string, c *Config) {
	given := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && value != "" {
			given[name] = value
		}
	}
	walkScalars(reflect.ValueOf(c).Elem(), "", func(path string, _ reflect.Value) {
		if _, ok := given[envName(path)]; ok {
			r.forget(path, c)
		}
	})
	walkScalars(reflect.ValueOf(c).Elem(), "", func(path string, v reflect.Value) {
		value, ok := given[envName(path)]
		if !ok {
			return
		}
		delete(given, envName(path))
		r.set[path] = spot{variable: envName(path)}
		r.assign(v, value, path)
	})
	for name, value := range given {
		if !fromKubernetes(name, value) && !slices.Contains(envOfCommands(), name) {
			r.unknownVariable(name)
		}
	}
}

// forget drops what the file said about path, and, of a secret, about its other form.
func (r *reader) forget(path string, c *Config) {
	other := strings.TrimSuffix(path, "_file")
	if other == path {
		other += "_file"
	}
	walkScalars(reflect.ValueOf(c).Elem(), "", func(at string, v reflect.Value) {
		if at == other && r.set[at].variable == "" {
			v.SetZero()
			delete(r.set, at)
			delete(r.bad, at)
		}
	})
	delete(r.bad, path)
}

// fromKubernetes says that a variable is one that Kubernetes puts into every container for a
// service whose name begins with waitroom, and no mistake of anybody's.
func fromKubernetes(name, value string) bool {
	if strings.HasSuffix(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") {
		return true
	}
	_, after, found := strings.Cut(name, "_PORT")
	if after == "" {
		return found && strings.Contains(value, "://")
	}
	return found && (strings.Contains(after, "_TCP") || strings.Contains(after, "_UDP") || strings.Contains(after, "_SCTP"))
}

func (r *reader) unknownVariable(name string) {
	mend := "unset it; " + envPrefix + "… names are the keys of the file joined by _"
	known := append(envVars(), envOfCommands()...)
	guess := nearest(name, known)
	for _, k := range known {
		if strings.HasSuffix(k, strings.TrimPrefix(name, strings.TrimSuffix(envPrefix, "_"))) {
			guess = k // WAITROOM_DRAIN for WAITROOM_LIMITS_DRAIN
		}
	}
	if guess != "" {
		mend = "did you mean " + guess + "?"
	} else if strings.HasPrefix(name, envPrefix+"ROOMS") || name == envPrefix+"TRUSTED_PROXIES" || strings.HasSuffix(name, "_ADDRESSES") {
		mend = "unset it and write it into the file: lists have no variable"
	}
	r.problems = append(r.problems, Problem{File: name, What: "unknown variable", Mend: mend})
}
