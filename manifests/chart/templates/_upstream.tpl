{{/*
Names that templates inside of values may use, as vault-helm and OpenBao's chart define them. Both stand for the same
here: what is installed has one name, whichever of the two charts a values file was written for.
*/}}

{{- define "vault.name" -}}
{{- .Values.nameOverride | default "vault" | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "vault.fullname" -}}
{{- .Values.fullnameOverride | default (include "vault.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "vault.namespace" -}}
{{- .Values.global.namespace | default .Release.Namespace -}}
{{- end }}

{{- define "vault.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" -}}
{{- end }}

{{- define "openbao.name" }}{{ include "vault.name" . }}{{ end }}
{{- define "openbao.fullname" }}{{ include "vault.fullname" . }}{{ end }}
{{- define "openbao.namespace" }}{{ include "vault.namespace" . }}{{ end }}
{{- define "openbao.chart" }}{{ include "vault.chart" . }}{{ end }}
