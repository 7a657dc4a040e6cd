package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;

/**
 * @param name {@code namespace/name}
 * @param remaining limit less what this process knows to be spent or held; never negative
 */
public record BudgetView(String name, Money remaining, Money limit) {}
