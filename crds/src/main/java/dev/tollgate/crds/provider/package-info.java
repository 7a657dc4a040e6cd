/**
 * ModelProvider: an upstream account or server with its endpoint, credential, models and limits.
 */
@NullMarked
package dev.tollgate.crds.provider;

import org.jspecify.annotations.NullMarked;
