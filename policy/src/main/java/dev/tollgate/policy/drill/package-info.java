/**
 * Drills that the annotation of a ModelProvider asks for, and what the fleet tells of them: pure.
 */
@NullMarked
package dev.tollgate.policy.drill;

import org.jspecify.annotations.NullMarked;
