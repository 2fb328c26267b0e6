// Command functions writes what the Go libraries behind consul-template's functions make of the
// templates that it reads, one JSON object a line. It reads its own output: answers are replaced,
// templates stay.
//
//	go run . < ../golden.jsonl > new.jsonl
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"sort"
	"strings"
	"text/template"

	"github.com/BurntSushi/toml"
	"github.com/Masterminds/sprig/v3"
	"github.com/davecgh/go-spew/spew"
	sockaddr "github.com/hashicorp/go-sockaddr/template"
	"gopkg.in/yaml.v2"
)

func functions() template.FuncMap {
	funcs := template.FuncMap{
		"parseJSON": func(text string) (any, error) {
			var v any
			err := json.Unmarshal([]byte(text), &v)
			return v, err
		},
		// The value of a JSON text with its numbers as Vault's.
		"secret": func(_ string, arg string) (any, error) {
			var v any
			decoder := json.NewDecoder(strings.NewReader(strings.TrimPrefix(arg, "json=")))
			decoder.UseNumber()
			err := decoder.Decode(&v)
			return struct{ Data map[string]any }{map[string]any{"v": v}}, err
		},
		"parseYAML": func(text string) (any, error) {
			if text == "" {
				return map[string]any{}, nil
			}
			var v any
			err := yaml.Unmarshal([]byte(text), &v)
			return v, err
		},
		"toYAML": func(v any) (string, error) {
			out, err := yaml.Marshal(v)
			return string(bytes.TrimSpace(out)), err
		},
		"toTOML": func(v map[string]any) (string, error) {
			var b bytes.Buffer
			err := toml.NewEncoder(&b).Encode(v)
			return string(bytes.TrimSpace(b.Bytes())), err
		},
		"spew_sdump": func(v ...any) string {
			c := spew.ConfigState{Indent: " ", SortKeys: true}
			return c.Sdump(v...)
		},
		"spew_sprintf": func(format string, v ...any) string {
			c := spew.ConfigState{Indent: " ", SortKeys: true}
			return c.Sprintf(format, v...)
		},
		"split": func(sep, text string) []string { return strings.Split(text, sep) },
		"sockaddr": sockaddr.Parse,
	}
	for name, f := range sprig.HermeticTxtFuncMap() {
		funcs["sprig_"+name] = f
	}
	// Go's own order is random.
	funcs["sprig_keys"] = func(maps ...map[string]any) []string {
		var keys []string
		for _, m := range maps {
			var own []string
			for key := range m {
				own = append(own, key)
			}
			sort.Strings(own)
			keys = append(keys, own...)
		}
		return keys
	}
	return funcs
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var c struct {
			Template string `json:"template"`
			Output   string `json:"output,omitempty"`
			Failed   bool   `json:"failed,omitempty"`
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			panic(err)
		}
		c.Output, c.Failed = "", false
		var b strings.Builder
		t, err := template.New("").Option("missingkey=zero").Funcs(functions()).Parse(c.Template)
		if err == nil {
			err = t.Execute(&b, nil)
		}
		if err != nil {
			c.Failed = true
		} else {
			c.Output = b.String()
		}
		if err := out.Encode(c); err != nil {
			panic(err)
		}
	}
}
