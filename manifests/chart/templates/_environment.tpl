{{/*
The injector's variables. They are named as in the established chart, and what extraEnvironmentVars says wins.
A variable that says what the injector takes for granted is left out.
*/}}
{{- define "injector.granted" -}}
LOG_LEVEL: info
LOG_FORMAT: standard
VAULT_AUTH_PATH: auth/kubernetes
AGENT_FLAVOR: auto
AGENT_NATIVE_SIDECAR: auto
TEMPLATE_ENGINE: go
PROFILE: vault
STRICT: "false"
REVOKE_ON_SHUTDOWN: "false"
DEFAULT_TEMPLATE: map
TEMPLATE_CONFIG_EXIT_ON_RETRY_FAILURE: "true"
TELEMETRY_PATH: /metrics
{{- end }}

{{- define "injector.variables" -}}
{{- $injector := .Values.injector -}}
{{- $defaults := $injector.agentDefaults -}}
{{- $all := dict
    "LISTEN" (printf ":%v" $injector.port)
    "LOG_LEVEL" $injector.logLevel
    "LOG_FORMAT" $injector.logFormat
    "VAULT_ADDR" (include "injector.vaultAddress" .)
    "VAULT_IMAGE" (include "injector.image" (list . $injector.agentImage))
    "VAULT_AUTH_PATH" $injector.authPath
    "AGENT_FLAVOR" $injector.agentFlavor
    "AGENT_NATIVE_SIDECAR" $injector.nativeSidecar
    "TEMPLATE_ENGINE" $injector.templateEngine
    "PROFILE" $injector.profile
    "STRICT" $injector.strict
    "REVOKE_ON_SHUTDOWN" $injector.revokeOnShutdown
    "CPU_LIMIT" $defaults.cpuLimit
    "CPU_REQUEST" $defaults.cpuRequest
    "MEM_LIMIT" $defaults.memLimit
    "MEM_REQUEST" $defaults.memRequest
    "EPHEMERAL_LIMIT" $defaults.ephemeralLimit
    "EPHEMERAL_REQUEST" $defaults.ephemeralRequest
    "DEFAULT_TEMPLATE" $defaults.template
    "TEMPLATE_CONFIG_EXIT_ON_RETRY_FAILURE" $defaults.templateConfig.exitOnRetryFailure
    "TEMPLATE_STATIC_SECRET_RENDER_INTERVAL" $defaults.templateConfig.staticSecretRenderInterval
-}}
{{- if eq (include "injector.certificates" .) "automatic" -}}
{{- $_ := set $all "TLS_AUTO" (include "injector.name" .) -}}
{{- $_ := set $all "TLS_AUTO_HOSTS" (include "injector.host" .) -}}
{{- else -}}
{{- $_ := set $all "TLS_CERT_FILE" (printf "/etc/webhook/certs/%s" $injector.certs.certName) -}}
{{- $_ := set $all "TLS_KEY_FILE" (printf "/etc/webhook/certs/%s" $injector.certs.keyName) -}}
{{- end -}}
{{- with $injector.healthPort }}{{ $_ := set $all "HEALTH_LISTEN" (printf ":%v" .) }}{{ end -}}
{{- if include "injector.clientCa" . }}{{ $_ := set $all "TLS_CLIENT_CA_FILE" (printf "/etc/webhook/client-ca/%s" $injector.certs.clientCa.key) }}{{ end -}}
{{- if include "injector.leaderElection" . }}{{ $_ := set $all "USE_LEADER_ELECTOR" true }}{{ end -}}
{{- if $injector.metrics.enabled }}{{ $_ := set $all "TELEMETRY_PATH" "/metrics" }}{{ end -}}
{{- if .Values.global.openshift }}{{ $_ := set $all "SET_SECURITY_CONTEXT" false }}{{ end -}}
{{- $granted := include "injector.granted" . | fromYaml -}}
{{- $variables := dict -}}
{{- range $name, $value := $all -}}
{{- if not (has (toString $value) (list "" "<nil>" (get $granted $name))) -}}
{{- $_ := set $variables (printf "AGENT_INJECT_%s" $name) (toString $value) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $injector.extraEnvironmentVars -}}
{{- $_ := set $variables ($name | replace "." "_" | upper) (toString $value) -}}
{{- end -}}
{{- range $name, $value := $variables }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
