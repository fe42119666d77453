/* Five bodies under gravity: multiplications, divisions and square roots of doubles. */
#include "axbench.h"

#include <math.h>

enum { BODIES = 5, STEPS = 300000 };

struct body {
	double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES] = {
	{0, 0, 0, 0, 0, 0, 39.47841760435743},
	{4.84, -1.16, -0.1036, 0.606, 2.812, -0.0252, 0.037693},
	{8.34, 4.125, -0.4035, -1.0107, 1.8256, 0.0084, 0.011286},
	{12.894, -15.111, -0.2233, 1.0828, 0.8687, -0.0108, 0.0017237},
	{15.379, -25.919, 0.1793, 0.9791, 0.5946, -0.0347, 0.0020336},
};

static void advance(double dt) {
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];
		for (int j = i + 1; j < BODIES; j++) {
			struct body *b = &bodies[j];
			double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
			double d2 = dx * dx + dy * dy + dz * dz;
			double mag = dt / (d2 * sqrt(d2));
			a->vx -= dx * b->mass * mag;
			a->vy -= dy * b->mass * mag;
			a->vz -= dz * b->mass * mag;
			b->vx += dx * a->mass * mag;
			b->vy += dy * a->mass * mag;
			b->vz += dz * a->mass * mag;
		}
	}
	for (int i = 0; i < BODIES; i++) {
		struct body *a = &bodies[i];
		a->x += dt * a->vx;
		a->y += dt * a->vy;
		a->z += dt * a->vz;
	}
}

void run_nbody(void) {
	for (int i = 0; i < STEPS; i++)
		advance(0.01);
	uint64_t sum = 0;
	for (int i = 0; i < BODIES; i++)
		sum = mix(mix(mix(sum, bits_of(bodies[i].x)), bits_of(bodies[i].y)), bits_of(bodies[i].z));
	result("places", sum);
}
