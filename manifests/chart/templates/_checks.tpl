{{/* What cannot be meant is refused, with what to write instead. */}}
{{- define "injector.check" -}}
{{- $image := .Values.injector.image -}}
{{- $agent := .Values.injector.agentImage -}}
{{- if has (base $image.repository) (list "vault-k8s" "openbao-k8s") -}}
{{- fail (printf "injector.image.repository is %s, which is another injector: name the image of vault-injector there, and its tag and registry beside it, in a registry that your nodes reach" $image.repository) -}}
{{- end -}}
{{- range $key, $value := dict "image" $image "agentImage" $agent -}}
{{- if regexMatch "[:@]" (base $value.repository) -}}
{{- fail (printf "injector.%s.repository is %s, with a tag or digest in it: write that to injector.%s.tag or injector.%s.digest" $key $value.repository $key $key) -}}
{{- end -}}
{{- end -}}
{{- if not (or $agent.tag $agent.digest (eq (base $agent.repository) "vault-injector-agent") (eq .Values.injector.agentFlavor "native")) -}}
{{- fail (printf "injector.agentImage.repository is %s, and injector.agentImage.tag is empty: name the version there, for example --set-string injector.agentImage.tag=%s" $agent.repository (ternary "2.4.1" "1.21.0" (contains "bao" $agent.repository))) -}}
{{- end -}}
{{- if eq (toString .Values.injector.healthPort) (toString .Values.injector.port) -}}
{{- fail "injector.healthPort is the same as injector.port: choose another port, or leave it out for probes and metrics at the webhook's" -}}
{{- end -}}
{{- $monitor := .Values.injector.metrics.serviceMonitor -}}
{{- if and $monitor.enabled (include "injector.clientCa" .) (not $monitor.tlsConfig) (not .Values.injector.healthPort) -}}
{{- fail "injector.metrics.serviceMonitor: with injector.certs.clientCa, Prometheus needs a client certificate in tlsConfig; or set injector.healthPort" -}}
{{- end -}}
{{- include "injector.checkGlobals" . -}}
{{- end }}

{{/* Values below `global` that have no effect here, by the name that the notes give them. */}}
{{- define "injector.ignoredGlobals" -}}
[psp, serverTelemetry]
{{- end }}

{{/*
Names below `global` that this chart does not know. A chart that contains this one has globals of its own, so there any
name is taken. Rancher adds those that only it reads to every release that is installed from its pages.
*/}}
{{- define "injector.unknownGlobals" -}}
{{- $unknown := list -}}
{{- if .Chart.IsRoot -}}
{{- $known := concat (include "injector.globals" . | fromYamlArray) (include "injector.ignoredGlobals" . | fromYamlArray) -}}
{{- range $name := keys .Values.global | sortAlpha -}}
{{- if not (has $name (concat $known (list "cattle" "systemDefaultRegistry"))) -}}
{{- $unknown = append $unknown $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $unknown -}}
{{- end }}

{{- define "injector.globals" -}}
[enabled, namespace, imagePullSecrets, externalVaultAddr, externalBaoAddr, tlsDisable, openshift, imageRegistry]
{{- end }}

{{/* A name in lower case, and all that it becomes without one of its letters. Two misspellings of one name share one. */}}
{{- define "injector.spellings" -}}
{{- $name := lower . | replace "-" "" | replace "_" "" -}}
{{- $all := list $name -}}
{{- range $at := until (len $name) -}}
{{- $all = append $all (print (substr 0 $at $name) (substr (int (add1 $at)) (len $name) $name)) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end }}

{{/* A misspelt value below `global`. Other names may be there for other charts that share the file. */}}
{{- define "injector.checkGlobals" -}}
{{- range $name := include "injector.unknownGlobals" . | fromYamlArray -}}
{{- $spellings := include "injector.spellings" $name | fromYamlArray -}}
{{- range $known := include "injector.globals" $ | fromYamlArray -}}
{{- $isLonger := and (hasPrefix (lower $known) (lower $name)) (le (len $name) (int (add 3 (len $known)))) -}}
{{- $isNear := $isLonger -}}
{{- range include "injector.spellings" $known | fromYamlArray -}}
{{- $isNear = or $isNear (has . $spellings) -}}
{{- end -}}
{{- if $isNear -}}
{{- fail (printf "global.%s is not a value of this chart: did you mean global.%s?" $name $known) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What was set and has no effect, or another effect than its writer may expect: sentences for the notes. */}}
{{- define "injector.ignored" -}}
{{- $said := list -}}
{{- range list "server" "csi" "ui" "serverTelemetry" "snapshotAgent" -}}
{{- if hasKey $.Values . -}}
{{- $said = append $said (printf "The values under `%s` are ignored: this chart installs the injector alone." .) -}}
{{- end -}}
{{- end -}}
{{- range include "injector.ignoredGlobals" . | fromYamlArray -}}
{{- if hasKey $.Values.global . -}}
{{- $why := ternary "Kubernetes has had no PodSecurityPolicy since 1.25." "they are about the server." (eq . "psp") -}}
{{- $said = append $said (printf "The values under `global.%s` are ignored: %s" . $why) -}}
{{- end -}}
{{- end -}}
{{- range include "injector.unknownGlobals" . | fromYamlArray -}}
{{- $said = append $said (printf "`global.%s` is ignored: it is not a value of this chart." .) -}}
{{- end -}}
{{- if .Values.injector.agentImage.pullPolicy -}}
{{- $said = append $said "injector.agentImage.pullPolicy is ignored: Kubernetes' default for the tag applies to agents. A pod sets its own with the annotation vault.hashicorp.com/agent-image-pull-policy." -}}
{{- end -}}
{{- if not (contains "kube-system" (include "injector.namespaceSelector" .)) -}}
{{- $said = append $said (printf "Your namespaceSelector replaces the default, which excludes kube-system and %s. If it selects them, annotated pods in kube-system are denied, and those in %s need an injector that runs." (include "vault.namespace" .) (include "vault.namespace" .)) -}}
{{- end -}}
{{- $certs := .Values.injector.certs -}}
{{- if and $certs.caBundle (not $certs.secretName) -}}
{{- $said = append $said "injector.certs.caBundle is ignored, because injector.certs.secretName names no Secret." -}}
{{- end -}}
{{- if and $certs.secretName (not $certs.caBundle) -}}
{{- $said = append $said "injector.certs.caBundle is empty: the API server refuses the certificate in the Secret unless something else writes its authority into the webhook configurations." -}}
{{- end -}}
{{- if and .Values.injector.healthPort .Values.injector.metrics.serviceMonitor.tlsConfig -}}
{{- $said = append $said "injector.metrics.serviceMonitor.tlsConfig is ignored: at injector.healthPort, metrics come without TLS." -}}
{{- end -}}
{{- if and $certs.certManager.issuerRef (not $certs.certManager.enabled) -}}
{{- $said = append $said "injector.certs.certManager.issuerRef is ignored, because injector.certs.certManager.enabled is false." -}}
{{- end -}}
{{- if and .Values.injector.webhook.matchConditions (not (include "injector.matchConditions" .)) -}}
{{- $said = append $said "injector.webhook.matchConditions are left out: they take Kubernetes 1.30. Pods that they would exclude are injected." -}}
{{- end -}}
{{- if .Values.global.openshift -}}
{{- range list "hostNetwork" "uid" "gid" -}}
{{- if get $.Values.injector . -}}
{{- $said = append $said (printf "injector.%s is ignored on OpenShift." .) -}}
{{- end -}}
{{- end -}}
{{- else if .Values.injector.securityContext.pod -}}
{{- range list "uid" "gid" -}}
{{- if get $.Values.injector . -}}
{{- $said = append $said (printf "injector.%s is ignored, because injector.securityContext.pod replaces the whole context." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.injector.admissionPolicy.enabled (not (include "injector.admissionPolicy" .)) -}}
{{- $why := ternary "the API server has no ValidatingAdmissionPolicy, which takes Kubernetes 1.30." "with a certificate of yours or of cert-manager the injector writes no webhook configuration." (eq (include "injector.certificates" .) "automatic") -}}
{{- $said = append $said (printf "injector.admissionPolicy.enabled has no effect: %s" $why) -}}
{{- end -}}
{{- toYaml $said -}}
{{- end }}
