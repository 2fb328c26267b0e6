{{/* "true" where anything is to be installed. */}}
{{- define "injector.enabled" -}}
{{- $enabled := .Values.injector.enabled -}}
{{- if eq (toString $enabled) "-" }}{{ $enabled = .Values.global.enabled }}{{ end -}}
{{- if eq (toString $enabled) "true" }}true{{ end -}}
{{- end }}

{{/* The name of all objects, and of the webhook configurations that the injector looks after. */}}
{{- define "injector.name" -}}
{{- if .Values.injector.fullnameOverride -}}
{{- .Values.injector.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains "vault-injector" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-vault-injector" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* The host by which the API server calls. */}}
{{- define "injector.host" -}}
{{- include "injector.name" . }}.{{ include "vault.namespace" . }}.svc
{{- end }}

{{/* The established chart's labels, which selectors and policies of users name. */}}
{{- define "injector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "vault.name" . }}-agent-injector
app.kubernetes.io/instance: {{ .Release.Name }}
component: webhook
{{- end }}

{{- define "injector.labels" -}}
{{ include "injector.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Name and namespace, and labels, of an object in the injector's namespace. */}}
{{- define "injector.metadata" -}}
name: {{ include "injector.name" . }}
namespace: {{ include "vault.namespace" . }}
labels:
  {{- include "injector.labels" . | nindent 2 }}
{{- end }}

{{/* A value that is YAML, or a template of it: (list context value). */}}
{{- define "injector.yaml" -}}
{{- $value := index . 1 -}}
{{- if kindIs "string" $value }}{{ tpl $value (index . 0) | trim }}{{ else }}{{ toYaml $value }}{{ end -}}
{{- end }}

{{/* The name of an image: (list context image). */}}
{{- define "injector.image" -}}
{{- $image := index . 1 -}}
{{- $registry := $image.registry -}}
{{- $first := first (splitList "/" $image.repository) -}}
{{- /* A repository that begins with a host has its registry already. */ -}}
{{- if not (or $registry (and (contains "/" $image.repository) (or (regexMatch "[.:]" $first) (eq $first "localhost")))) -}}
{{- $registry = (index . 0).Values.global.imageRegistry -}}
{{- end -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default (index . 0).Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* The address of Vault that the values give, if they do. */}}
{{- define "injector.externalAddress" -}}
{{- coalesce .Values.global.externalVaultAddr .Values.global.externalBaoAddr
    .Values.injector.externalVaultAddr .Values.injector.externalBaoAddr | default "" -}}
{{- end }}

{{/* Vault as pods reach it. */}}
{{- define "injector.vaultAddress" -}}
{{- $global := .Values.global -}}
{{- $address := include "injector.externalAddress" . -}}
{{- if $address -}}
{{- $address -}}
{{- else -}}
{{- $port := dig "service" "port" 8200 (.Values.server | default dict) -}}
{{- $scheme := ternary "http" "https" (eq (toString $global.tlsDisable) "true") -}}
{{- printf "%s://%s.%s.svc:%v" $scheme (include "vault.fullname" .) (include "vault.namespace" .) $port -}}
{{- end -}}
{{- end }}

{{/* Where the certificate comes from: "automatic", "secret" or "cert-manager". */}}
{{- define "injector.certificates" -}}
{{- if .Values.injector.certs.certManager.enabled -}}
{{- if .Values.injector.certs.secretName -}}
{{- fail "injector.certs: either secretName or certManager.enabled, not both" -}}
{{- end -}}
cert-manager
{{- else if .Values.injector.certs.secretName -}}
secret
{{- else -}}
automatic
{{- end -}}
{{- end }}

{{/* The volume source with the authorities of client certificates; empty if none are asked for. */}}
{{- define "injector.clientCa" -}}
{{- $ca := .Values.injector.certs.clientCa | default dict -}}
{{- if and $ca.configMapName $ca.secretName -}}
{{- fail "injector.certs.clientCa: either configMapName or secretName, not both" -}}
{{- end -}}
{{- with $ca.configMapName -}}
configMap:
  name: {{ . }}
{{- end -}}
{{- with $ca.secretName -}}
secret:
  secretName: {{ . }}
{{- end -}}
{{- end }}

{{- define "injector.certificateSecret" -}}
{{- .Values.injector.certs.secretName | default (printf "%s-tls" (include "injector.name" .)) -}}
{{- end }}

{{/*
How many hours before the end of the certificate the alert fires: late enough that a renewal in time never does, and
early enough for a person to do something about one that did not happen.
*/}}
{{- define "injector.certificateHours" -}}
{{- $given := .Values.injector.metrics.prometheusRule.certificateHours -}}
{{- $certificates := include "injector.certificates" . -}}
{{- if not (kindIs "invalid" $given) -}}
{{- int $given -}}
{{- else if eq $certificates "automatic" -}}
4
{{- else if eq $certificates "secret" -}}
168
{{- else -}}
{{- $before := regexFind "^[0-9]+h" .Values.injector.certs.certManager.renewBefore | trimSuffix "h" -}}
{{- min 168 (max 1 (div (int $before) 2)) -}}
{{- end -}}
{{- end }}

{{/* "true" where replicas agree on which of them writes. */}}
{{- define "injector.leaderElection" -}}
{{- if and .Values.injector.leaderElector.enabled (gt (int .Values.injector.replicas) 1)
    (eq (include "injector.certificates" .) "automatic") }}true{{ end -}}
{{- end }}

{{/* "true" where the API server honours match conditions for good. */}}
{{- define "injector.matchConditions" -}}
{{- if semverCompare ">= 1.30.0-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end }}

{{/* "true" if the API server runs admission policies, which is since 1.30 as well. */}}
{{- define "injector.admissionPolicies" -}}
{{- if or (include "injector.matchConditions" .)
    (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy") }}true{{ end -}}
{{- end }}

{{/* "true" if a policy confines the injector's ServiceAccount. It writes configurations in automatic mode alone. */}}
{{- define "injector.admissionPolicy" -}}
{{- if and (include "injector.enabled" .) .Values.injector.admissionPolicy.enabled
    (include "injector.admissionPolicies" .) (eq (include "injector.certificates" .) "automatic") }}true{{ end -}}
{{- end }}

{{/* `native` or `compatible`, as the injector itself would say. */}}
{{- define "injector.flavor" -}}
{{- if ne .Values.injector.agentFlavor "auto" -}}
{{- .Values.injector.agentFlavor -}}
{{- else if eq (base .Values.injector.agentImage.repository) "vault-injector-agent" -}}
native
{{- else -}}
compatible
{{- end -}}
{{- end }}

{{/* User and group, which OpenShift gives itself. */}}
{{- define "injector.ids" -}}
{{- if not .Values.global.openshift -}}
runAsUser: {{ .Values.injector.uid | default 65532 }}
runAsGroup: {{ .Values.injector.gid | default 65532 }}
fsGroup: {{ .Values.injector.gid | default 65532 }}
{{- end -}}
{{- end }}
