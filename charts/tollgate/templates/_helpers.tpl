{{- define "tollgate.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- define "tollgate.labels" -}}
app.kubernetes.io/name: tollgate
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tollgate
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "tollgate.selector" -}}
app.kubernetes.io/name: tollgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* What would be passed over without a word is refused. */}}
{{- define "tollgate.checked" -}}
{{- with .Values.operator.ledger }}
{{- if and (ne .store "valkey") (or .valkey.url .valkey.secret .valkey.ca) }}
{{- fail (printf "operator.ledger.valkey is given, and operator.ledger.store is %s (expected: valkey)" .store) }}
{{- end }}
{{- if and .valkey.ca (not .valkey.secret) }}
{{- fail "operator.ledger.valkey.ca is true (expected: only with operator.ledger.valkey.secret, which has ca.crt)" }}
{{- end }}
{{- end }}
{{- with .Values.proxy.valkey }}
{{- if and (not .url) (or .secret .ca) }}
{{- fail "proxy.valkey.secret or proxy.valkey.ca is given (expected: with proxy.valkey.url)" }}
{{- end }}
{{- if and .ca (not .secret) }}
{{- fail "proxy.valkey.ca is true (expected: only with proxy.valkey.secret, which has ca.crt)" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tollgate.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tollgate.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
