{{/* The annotations of both configurations. */}}
{{- define "injector.webhookAnnotations" -}}
{{- with .Values.injector.webhook.annotations | default .Values.injector.webhookAnnotations }}
{{ include "injector.yaml" (list $ .) }}
{{- end }}
{{- if eq (include "injector.certificates" .) "cert-manager" }}
cert-manager.io/inject-ca-from: {{ include "vault.namespace" . }}/{{ include "injector.name" . }}
{{- end }}
{{- end }}

{{/* Whom the API server calls: (list context path). */}}
{{- define "injector.clientConfig" -}}
{{- $root := index . 0 -}}
service:
  namespace: {{ include "vault.namespace" $root }}
  name: {{ include "injector.name" $root }}
  path: {{ index . 1 }}
  port: 443
{{- /* In automatic mode, and with cert-manager, the authority is another's to write: it is not even named here. */ -}}
{{- if eq (include "injector.certificates" $root) "secret" }}
{{- with $root.Values.injector.certs.caBundle }}
caBundle: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The namespaces that are looked at. */}}
{{- define "injector.namespaceSelector" -}}
{{- $selector := .Values.injector.webhook.namespaceSelector -}}
{{- if kindIs "invalid" $selector }}{{ $selector = .Values.injector.namespaceSelector }}{{ end -}}
{{- if kindIs "invalid" $selector -}}
matchExpressions:
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: [kube-system, {{ include "vault.namespace" . }}]
{{- else -}}
{{- include "injector.yaml" (list . $selector) -}}
{{- end -}}
{{- end }}

{{/* The pods that are looked at: an injector must not need one that runs. */}}
{{- define "injector.objectSelector" -}}
{{- $selector := .Values.injector.webhook.objectSelector -}}
{{- if kindIs "invalid" $selector }}{{ $selector = .Values.injector.objectSelector }}{{ end -}}
{{- if kindIs "invalid" $selector -}}
matchExpressions:
- key: app.kubernetes.io/name
  operator: NotIn
  values: [{{ include "vault.name" . }}-agent-injector]
{{- else -}}
{{- include "injector.yaml" (list . $selector) -}}
{{- end -}}
{{- end }}

{{- define "injector.failurePolicy" -}}
{{- coalesce .Values.injector.webhook.failurePolicy .Values.injector.failurePolicy
    (ternary "Fail" "Ignore" (eq (include "injector.matchConditions" .) "true")) -}}
{{- end }}
