// Package templates measures Go's text/template on the inputs of shared/templating/benches/render.rs:
//
//	go test -bench .
package templates

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"text/template"
)

type secret struct{ Data map[string]any }

func mkSecret(keys int) *secret {
	data := map[string]any{}
	for key := range keys {
		data[fmt.Sprintf("key%d", key)] = fmt.Sprintf("value%d", key)
	}
	return &secret{map[string]any{"data": data}}
}

func mkLines(lines int) string {
	var text strings.Builder
	text.WriteString(`{{ with secret "secret/data/app" }}`)
	for line := range lines {
		fmt.Fprintf(&text, "KEY_%d={{ .Data.data.key%d }}\n", line, line)
	}
	text.WriteString("{{ end }}")
	return text.String()
}

const overKeys = `{{ with secret "secret/data/app" }}{{ range $k, $v := .Data.data }}{{ $k }}={{ $v }}
{{ end }}{{ end }}`

func measure(b *testing.B, source string, found *secret) {
	funcs := template.FuncMap{"secret": func(string, ...string) (*secret, error) { return found, nil }}
	parse := func() *template.Template {
		return template.Must(template.New("").Option("missingkey=zero").Funcs(funcs).Parse(source))
	}
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			parse()
		}
	})
	parsed := parse()
	b.Run("render", func(b *testing.B) {
		for b.Loop() {
			if err := parsed.Execute(io.Discard, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDotenvOf20Lines(b *testing.B)     { measure(b, mkLines(20), mkSecret(1000)) }
func BenchmarkTemplateOf1000Lines(b *testing.B) { measure(b, mkLines(1000), mkSecret(1000)) }
func BenchmarkRangeOver10000Keys(b *testing.B)  { measure(b, overKeys, mkSecret(10000)) }
