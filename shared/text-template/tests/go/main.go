// Command go writes what Go's text/template makes of the templates that it reads, one JSON object a
// line. It reads its own output: answers are replaced, templates stay.
//
//	go run main.go < golden.jsonl > new.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"text/template"
	"unicode/utf8"
)

type pet struct {
	Name  string
	Age   int
	Owner *owner
	Any   any
}

type owner struct{ Name string }

func data() map[string]any {
	return map[string]any{
		"s": "text", "empty": "", "n": 7, "zero": 0, "neg": -5, "f": 1.5, "t": true,
		"u": uint64(9), "i64": int64(11), "byte": uint8(65), "nul": nil,
		"num": json.Number("5432"), "bad": json.Number("1.5x"), "raw": "a\xffb",
		"list":    []any{"x", 1, nil, 2.5, true},
		"strs":    []string{"a", "b", "c"},
		"ints":    []int{3, 1, 2},
		"nolist":  []string(nil),
		"none":    []any{},
		"m":       map[string]any{"b": 1, "a": "x", "in": map[string]any{"k": "v"}, "nul": nil},
		"strmap":  map[string]string{"k": "v"},
		"anymap":  map[any]any{"k": "v", "b": 1},
		"intmap":  map[int]string{2: "two", 1: "one"},
		"nomap":   map[string]any(nil),
		"pet":     &pet{Name: "Rex", Age: 3},
		"petv":    pet{Name: "Rex", Age: 3, Owner: nil, Any: "x"},
		"nopet":   (*pet)(nil),
		"unicode": "héllo, 世界 \u00a0\u200b😀",
	}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var c struct {
			Template string `json:"template"`
			Missing  string `json:"missing,omitempty"`
			Output   string `json:"output,omitempty"`
			Bytes    []byte `json:"bytes,omitempty"` // in place of output that is no UTF-8
			Error    string `json:"error,omitempty"`
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			panic(err)
		}
		c.Output, c.Bytes, c.Error = "", nil, ""
		missing := c.Missing
		if missing == "" {
			missing = "zero"
		}
		var b strings.Builder
		t, err := template.New("t").Option("missingkey=" + missing).Parse(c.Template)
		if err == nil {
			err = t.Execute(&b, data())
		}
		if err != nil {
			c.Error = err.Error()
		} else if utf8.ValidString(b.String()) {
			c.Output = b.String()
		} else {
			c.Bytes = []byte(b.String())
		}
		if err := out.Encode(c); err != nil {
			panic(err)
		}
	}
}
