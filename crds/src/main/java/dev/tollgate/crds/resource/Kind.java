package dev.tollgate.crds.resource;

/**
 * The kinds that Tollgate reads: its own of the group {@code tollgate.dev}, and the core kinds that
 * they refer to.
 */
public enum Kind {
    MODEL_PROVIDER("ModelProvider", "tollgate.dev/v1alpha1"),
    ROUTING_POLICY("RoutingPolicy", "tollgate.dev/v1alpha1"),
    BUDGET("Budget", "tollgate.dev/v1alpha1"),
    BUDGET_LEDGER("BudgetLedger", "tollgate.dev/v1alpha1"),
    SECRET("Secret", "v1"),
    CONFIG_MAP("ConfigMap", "v1"),
    NAMESPACE("Namespace", "v1"),
    SERVICE_ACCOUNT("ServiceAccount", "v1");

    private final String kind;
    private final String apiVersion;

    Kind(String kind, String apiVersion) {
        this.kind = kind;
        this.apiVersion = apiVersion;
    }

    /** The value of the field {@code kind}. */
    public String kind() {
        return kind;
    }

    /** The value of the field {@code apiVersion}. */
    public String apiVersion() {
        return apiVersion;
    }

    @Override
    public String toString() {
        return kind;
    }
}
