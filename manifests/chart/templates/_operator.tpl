{{/* The name of all objects of the operator. */}}
{{- define "operator.name" -}}
{{- if .Values.operator.fullnameOverride -}}
{{- .Values.operator.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains "secrets-operator" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-secrets-operator" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "operator.selectorLabels" -}}
app.kubernetes.io/name: secrets-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Name, namespace and labels of an object in the operator's namespace. */}}
{{- define "operator.metadata" -}}
name: {{ include "operator.name" . }}
namespace: {{ include "vault.namespace" . }}
labels:
  {{- include "operator.labels" . | nindent 2 }}
{{- end }}

{{/* Who is bound to a role. */}}
{{- define "operator.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "operator.name" . }}
  namespace: {{ include "vault.namespace" . }}
{{- end }}

{{/* "true" if kinds without a namespace are served: not beside another operator, and not in one namespace alone. */}}
{{- define "operator.clusterKinds" -}}
{{- if and .Values.operator.clusterKinds (not .Values.operator.namespace) }}true{{ end -}}
{{- end }}

{{/* The label by which the chart knows a definition as its own. */}}
{{- define "operator.ownerLabel" }}app.kubernetes.io/part-of{{ end }}
{{- define "operator.owner" }}vault-injector{{ end }}

{{/*
Names of definitions in the cluster that this release must not touch, because something else made them. Empty if there
is no cluster to ask, as in `helm template`.
*/}}
{{- define "operator.foreignDefinitions" -}}
{{- $foreign := list -}}
{{- range include "operator.definitions" . | fromYamlArray -}}
{{- $there := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .metadata.name -}}
{{- if $there -}}
{{- $labels := $there.metadata.labels | default dict -}}
{{- $annotations := $there.metadata.annotations | default dict -}}
{{- $isOurs := and (eq (get $labels (include "operator.ownerLabel" $) | toString) (include "operator.owner" $))
    (eq (get $annotations "meta.helm.sh/release-name" | toString) $.Release.Name)
    (eq (get $annotations "meta.helm.sh/release-namespace" | toString) $.Release.Namespace) -}}
{{- if not $isOurs }}{{ $foreign = append $foreign .metadata.name }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml $foreign -}}
{{- end }}

{{/* All definitions, as a list. */}}
{{- define "operator.definitions" -}}
{{- range .Files.Get "operator-crds.yaml" | trimPrefix "---\n" | splitList "\n---\n" }}
- {{ . | nindent 2 | trim }}
{{- end }}
{{- end }}

{{/* What cannot be meant is refused, with what to write instead. */}}
{{- define "operator.check" -}}
{{- $operator := .Values.operator -}}
{{- if regexMatch "[:@]" (base $operator.image.repository) -}}
{{- fail (printf "operator.image.repository is %s, with a tag or digest in it: write that to operator.image.tag or operator.image.digest" $operator.image.repository) -}}
{{- end -}}
{{- if hasSuffix "external-secrets" $operator.image.repository -}}
{{- fail (printf "operator.image.repository is %s, which is another operator: name the image of secrets-operator there" $operator.image.repository) -}}
{{- end -}}
{{- if and $operator.serviceAccountTokens.allNamespaces $operator.serviceAccountTokens.namespaces -}}
{{- fail "operator.serviceAccountTokens: either allNamespaces or namespaces, not both" -}}
{{- end -}}
{{- $metrics := $operator.metrics -}}
{{- if and (or $metrics.serviceMonitor.enabled $metrics.prometheusRule.enabled) (not $metrics.enabled) -}}
{{- fail "operator.metrics: serviceMonitor and prometheusRule need enabled: true" -}}
{{- end -}}
{{- include "injector.checkGlobals" . -}}
{{- end }}

{{/* Sentences about the operator for the notes. */}}
{{- define "operator.remarks" -}}
{{- $operator := .Values.operator -}}
{{- $said := list -}}
{{- with include "operator.foreignDefinitions" . | fromYamlArray -}}
{{- if $operator.crds.install -}}
{{- $said = append $said (printf "Left as they are, because something else made them: %s." (join ", " .)) -}}
{{- end -}}
{{- end -}}
{{- if and $operator.namespace $operator.serviceAccountTokens.allNamespaces -}}
{{- $said = append $said (printf "operator.serviceAccountTokens.allNamespaces covers the namespace %s alone, because operator.namespace names it." $operator.namespace) -}}
{{- end -}}
{{- if not (or $operator.serviceAccountTokens.allNamespaces $operator.serviceAccountTokens.namespaces) -}}
{{- $said = append $said "The operator may request tokens of no ServiceAccount. Stores that log in with serviceAccountRef need operator.serviceAccountTokens.namespaces." -}}
{{- end -}}
{{- toYaml $said -}}
{{- end }}

{{/* Tokens of ServiceAccounts, and the ones that older clusters keep in a Secret that the ServiceAccount names. */}}
{{- define "operator.tokenRules" }}
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
- apiGroups: [""]
  resources: [serviceaccounts/token]
  verbs: [create]
{{- end }}
