{{/*
Names that templates inside of values may use, as the established chart has them.
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
