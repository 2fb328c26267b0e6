// probe is the HTTP client and server for test pods: Debian's static busybox has a wget that crashes where
// there is no libc.
//
//	probe get URL      prints status and body; sends the pod's service-account token, trusts the cluster's CA
//	probe serve ADDR   answers every request with the host's name
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	account  = "/var/run/secrets/kubernetes.io/serviceaccount/"
	deadline = 10 * time.Second
	// Enough to recognise an answer by; bodies of the API server run to megabytes.
	shown = 1024
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 2 && arguments[0] == "get" {
		return get(arguments[1])
	}
	if len(arguments) == 2 && arguments[0] == "serve" {
		return http.ListenAndServe(arguments[1], http.HandlerFunc(greet))
	}
	return fmt.Errorf("usage: probe get URL | probe serve ADDRESS")
}

func greet(response http.ResponseWriter, _ *http.Request) {
	name, err := os.Hostname()
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(response, "hello from", name)
}

// get works without the files, too: then it is a client that the cluster does not know.
func get(url string) error {
	roots := x509.NewCertPool()
	if authority, err := os.ReadFile(account + "ca.crt"); err == nil {
		roots.AppendCertsFromPEM(authority)
	}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token, err := os.ReadFile(account + "token"); err == nil && strings.HasPrefix(url, "https:") {
		request.Header.Set("Authorization", "Bearer "+string(token))
	}
	client := http.Client{
		Timeout:   deadline,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, shown))
	if err != nil {
		return err
	}
	fmt.Println(response.StatusCode, string(body))
	return nil
}
