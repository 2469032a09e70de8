import time, os
from tests.faults.walk import *
def test_try(rig):
    for j in JOURNEYS:
        t=time.time(); s=rig.survey(j); dt=time.time()-t
        print(j.name, "%.2fs"%dt, len(s.commands), "writes", len(list(s.writes())), "turning", len(list(s.turning_points())), "ddl", len(list(s.ddl())))
    for c in rig.survey(FORWARD).commands: print(c.at, c.sql[:150].replace("\n"," "))
    print(rig.survey(FORWARD).ran)
    for j in JOURNEYS:
        t=time.time(); n=0
        for c in list(rig.survey(j).turning_points())[::9]:
            for w in (What.KILL_CLIENT, What.CUT):
                case=inject(rig,j,Fault(w, When.AFTER, c.at)); n+=1
                if not case.is_good: print("BAD", case)
        print(j.name, n, "%.2f s each"%((time.time()-t)/n))
