//! A hint to the memory: what will be read soon.
#![expect(unsafe_code, reason = "the prefetch instruction, which never faults")]

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for the cache lines of all elements.
#[inline(always)]
pub fn prefetch_all<T>(elements: &[T]) {
    (0..elements.len()).step_by(LINE / size_of::<T>()).for_each(|at| prefetch(elements, at));
}

/// Asks for the cache line of element `at`, if there is one.
#[inline(always)]
pub fn prefetch<T>(elements: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = elements.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction needs SSE, which every x86-64 processor has, and reads nothing that could fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (elements, at);
}
