# The commands that people type. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test e2e

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## The whole way from an annotated Deployment to a renewed secret, on this machine
	@cargo build --quiet -p dev-vault -p vault-agent -p vault-injector -p demo
	@target/debug/demo $(DEMO_FLAGS)

test: ## Formatting, lints, docs, unit, conformance and integration tests
	@scripts/test.sh

e2e: ## The same agent against a real Vault with a real PostgreSQL (needs Go; root where packages are missing)
	@e2e/scripts/e2e.sh
