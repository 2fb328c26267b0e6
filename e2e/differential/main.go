// Command differential renders templates with consul-template itself. It reads cases as JSON lines,
// in the format of the recorded cases, and answers each with a JSON line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hashicorp/consul-template/template"
)

// A case that takes longer than this does not end.
const deadline = 20 * time.Second

type testCase struct {
	Template string            `json:"template"`
	Setup    []setup           `json:"setup"`
	Env      map[string]string `json:"env"`
	Options  struct {
		ErrorOnMissingKey bool     `json:"error_on_missing_key"`
		LeftDelimiter     string   `json:"left_delimiter"`
		RightDelimiter    string   `json:"right_delimiter"`
		FunctionDenylist  []string `json:"function_denylist"`
		Destination       string   `json:"destination"`
	} `json:"options"`
}

type answer struct {
	// Base64 in JSON, because it may not be UTF-8.
	Output  []byte   `json:"output"`
	Missing []string `json:"missing,omitempty"`
	Error   *string  `json:"error,omitempty"`
}

func failure(format string, args ...any) answer {
	text := fmt.Sprintf(format, args...)
	return answer{Error: &text}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-version" {
		fmt.Println(version())
		return
	}
	// Endless recursion must fail while there is memory left.
	debug.SetMaxStack(64 << 20)
	out := json.NewEncoder(os.Stdout)
	// Functions such as spew_dump write to it.
	os.Stdout = nil
	log.SetOutput(io.Discard)

	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		var c testCase
		decoder := json.NewDecoder(strings.NewReader(in.Text()))
		decoder.UseNumber()
		if err := decoder.Decode(&c); err != nil {
			log.Panicf("not a case: %v", err)
		}
		if err := out.Encode(inTime(c)); err != nil {
			log.Panic(err)
		}
	}
	if err := in.Err(); err != nil {
		log.Panic(err)
	}
}

// version is consul-template's, as the module pins it.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/hashicorp/consul-template" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "unknown"
}

func inTime(c testCase) answer {
	done := make(chan answer, 1)
	go func() { done <- render(c) }()
	select {
	case a := <-done:
		return a
	case <-time.After(deadline):
		panic(fmt.Sprintf("no answer after %v: %s", deadline, c.Template))
	}
}

func render(c testCase) (a answer) {
	// Go's templates catch panics of functions, but not their own.
	defer func() {
		if reason := recover(); reason != nil {
			a = failure("panic: %v", reason)
		}
	}()
	// As a file, an empty template is valid; as contents, it is refused as missing.
	if c.Template == "" {
		return answer{Output: []byte{}}
	}
	brain, err := filled(c)
	if err != nil {
		return failure("setup: %v", err)
	}
	parsed, err := template.NewTemplate(&template.NewTemplateInput{
		Contents:         c.Template,
		Destination:      c.Options.Destination,
		ErrMissingKey:    c.Options.ErrorOnMissingKey,
		LeftDelim:        c.Options.LeftDelimiter,
		RightDelim:       c.Options.RightDelimiter,
		FunctionDenylist: c.Options.FunctionDenylist,
	})
	if err != nil {
		return failure("%v", err)
	}
	var env []string
	for name, value := range c.Env {
		env = append(env, name+"="+value)
	}
	result, err := parsed.Execute(&template.ExecuteInput{Brain: brain, Env: env})
	if err != nil {
		return failure("%v", err)
	}
	a.Output = result.Output
	for _, missing := range result.Missing.List() {
		a.Missing = append(a.Missing, missing.String())
	}
	return a
}
