package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	dep "github.com/hashicorp/consul-template/dependency"
	"github.com/hashicorp/consul-template/template"
	"github.com/hashicorp/vault/api"
)

// setup is something that a case's template can read.
type setup struct {
	Kind     string            `json:"kind"`
	Path     string            `json:"path"`
	Args     map[string]string `json:"args"`
	Response json.RawMessage   `json:"response"`
	Keys     []string          `json:"keys"`
	Content  string            `json:"content"`
	Pem      dep.PemEncoded    `json:"pem"`
}

// filled returns a brain that knows the case's setup.
func filled(c testCase) (*template.Brain, error) {
	brain := template.NewBrain()
	for _, s := range c.Setup {
		dependency, value, err := s.known(c.Options.Destination)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", s.Kind, s.Path, err)
		}
		brain.Remember(dependency, value)
	}
	return brain, nil
}

func (s setup) known(destination string) (dep.Dependency, any, error) {
	args := make(map[string]any, len(s.Args))
	for name, value := range s.Args {
		args[name] = value
	}
	switch s.Kind {
	case "read":
		dependency, err := dep.NewVaultReadQuery(s.Path)
		if err != nil {
			return nil, nil, err
		}
		value, err := secret(s.Response)
		return dependency, value, err
	case "write":
		dependency, err := dep.NewVaultWriteQuery(s.Path, args)
		if err != nil {
			return nil, nil, err
		}
		value, err := secret(s.Response)
		return dependency, value, err
	case "list":
		dependency, err := dep.NewVaultListQuery(s.Path)
		keys := slices.Clone(s.Keys)
		slices.Sort(keys)
		return dependency, keys, err
	case "pki":
		dependency, err := dep.NewVaultPKIQuery(s.Path, destination, args)
		return dependency, s.Pem, err
	case "file":
		dependency, err := dep.NewFileQuery(s.Path)
		return dependency, s.Content, err
	}
	return nil, nil, fmt.Errorf("unknown kind")
}

// secret returns Vault's response as a template sees it; nil if there is none.
func secret(response json.RawMessage) (*dep.Secret, error) {
	if len(response) == 0 || string(response) == "null" {
		return nil, nil
	}
	theirs, err := api.ParseSecret(strings.NewReader(string(response)))
	if err != nil {
		return nil, err
	}
	ours := &dep.Secret{
		RequestID:     theirs.RequestID,
		LeaseID:       theirs.LeaseID,
		LeaseDuration: theirs.LeaseDuration,
		Renewable:     theirs.Renewable,
	}
	// consul-template keeps nothing that is empty.
	if len(theirs.Data) > 0 {
		ours.Data = theirs.Data
	}
	if len(theirs.Warnings) > 0 {
		ours.Warnings = theirs.Warnings
	}
	if auth := theirs.Auth; auth != nil {
		ours.Auth = &dep.SecretAuth{
			ClientToken:   auth.ClientToken,
			Accessor:      auth.Accessor,
			Policies:      auth.Policies,
			Metadata:      auth.Metadata,
			LeaseDuration: auth.LeaseDuration,
			Renewable:     auth.Renewable,
		}
	}
	if wrapped := theirs.WrapInfo; wrapped != nil {
		ours.WrapInfo = &dep.SecretWrapInfo{
			Token:           wrapped.Token,
			TTL:             wrapped.TTL,
			CreationTime:    wrapped.CreationTime,
			WrappedAccessor: wrapped.WrappedAccessor,
		}
	}
	return ours, nil
}
