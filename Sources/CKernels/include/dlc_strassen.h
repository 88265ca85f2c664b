/// Products by one level of Strassen's algorithm (Numerische Mathematik 13, 1969): seven products of half
/// the size instead of eight. The sums of B's quadrants are taken when it is packed, so that a run
/// computes those of A, and of the products, only.
///
/// It takes 7/4 of the matrix's memory, and its error is bounded by the largest elements of A and B, not
/// element by element (Higham, Accuracy and Stability of Numerical Algorithms, §23.2.2).
#ifndef DLC_STRASSEN_H
#define DLC_STRASSEN_H
#include "dlc_compute.h"

/// Whether a product can be computed so: an even k, and quadrants of at least a vector.
bool dlc_strassen_supports(dlc_isa isa, int64_t m, int64_t n, int64_t k);

/// An estimate of the time as a share of that of the plain product; above 1 where the additions cost more
/// than they save.
double dlc_strassen_share(dlc_isa isa, int64_t m, int64_t n, int64_t k);

/// Checks the struct and settles how the work is split. False where `dlc_strassen_supports` is, or for sizes out of range.
bool dlc_strassen_prepare(dlc_isa isa, dlc_strassen *product, dlc_launch *out);

/// What the launch runs; `call->params` is the prepared struct.
void dlc_strassen_run(const dlc_call *call);

#endif
