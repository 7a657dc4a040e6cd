package dev.tollgate.policy.route;

/** How a request is served, or why it is not. */
public sealed interface Routing permits RoutePlan, NoRoute {}
