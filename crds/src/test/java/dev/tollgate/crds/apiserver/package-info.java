/** A real etcd and kube-apiserver for the tests of all modules. */
@NullMarked
package dev.tollgate.crds.apiserver;

import org.jspecify.annotations.NullMarked;
