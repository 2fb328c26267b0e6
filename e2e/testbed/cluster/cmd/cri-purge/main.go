// cri-purge stops and removes every pod of a container runtime.
//
// Going through the runtime's own interface, and not only killing processes, is what takes down mounts, network
// namespaces, addresses and port mappings with them.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const timeout = 60 * time.Second

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cri-purge unix:///path/to/containerd.sock")
		os.Exit(64)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := purge(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "cri-purge:", err)
		os.Exit(1)
	}
}

// purge goes on after a pod that resists, so that one stuck pod does not keep the others, and reports the first error.
func purge(ctx context.Context, endpoint string) error {
	connection, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	runtime := cri.NewRuntimeServiceClient(connection)
	pods, err := runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	results := make(chan error, len(pods.Items))
	for _, pod := range pods.Items {
		go func() { results <- remove(ctx, runtime, pod) }()
	}
	var first error
	for range pods.Items {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// remove gives containers no grace: their data is thrown away anyway.
func remove(ctx context.Context, runtime cri.RuntimeServiceClient, pod *cri.PodSandbox) error {
	name := pod.Metadata.Namespace + "/" + pod.Metadata.Name
	containers, err := runtime.ListContainers(ctx, &cri.ListContainersRequest{
		Filter: &cri.ContainerFilter{PodSandboxId: pod.Id},
	})
	if err != nil {
		return fmt.Errorf("listing containers of %s: %w", name, err)
	}
	for _, container := range containers.Containers {
		// Stopping the pod stops what is left, and says so where it cannot.
		_, _ = runtime.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: container.Id})
	}
	if _, err := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
		return fmt.Errorf("stopping %s: %w", name, err)
	}
	if _, err := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	return nil
}
